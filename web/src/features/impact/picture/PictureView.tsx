import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import type { FailureState } from "../../../graphql/generated/graphql";
import { CloseIcon } from "../../../ui/icons";
import { Problem } from "../../../ui/Problem";
import { StateMark } from "../../../ui/StateMark";
import type { Catalogue } from "../../catalogue/query";
import { Drawing } from "./Drawing";
import { type Box, isStack } from "./model";
import classes from "./Picture.module.css";
import { pictureQuery } from "./query";
import { labelOf } from "./sizes";
import { useLayout } from "./useLayout";

interface Props {
  readonly id: string;
  readonly state: FailureState;
  readonly catalogue: Catalogue;
  /** The ids from what failed to an item, both included. */
  readonly pathTo: (id: string) => readonly string[];
  /** What is shown under the picture when an item is chosen. */
  readonly describe: (box: Box) => React.ReactNode;
}

/** A blast radius as boxes and arrows, alike boxes in stacks that can be opened. */
export function PictureView({ id, state, catalogue, pathTo, describe }: Props) {
  const [opened, setOpened] = useState<readonly Box[]>([]);
  const [selected, setSelected] = useState<Box | null>(null);
  const picture = useQuery(
    pictureQuery(
      id,
      state,
      opened.map((box) => box.id),
    ),
  );
  const layer = useCallback((kind: string) => catalogue.kinds.get(kind)?.layer, [catalogue]);
  const { layout, failed } = useLayout(picture.data, `${id} ${state}`, layer);

  const choose = (box: Box) => {
    if (isStack(box)) setOpened([...opened, box]);
    else setSelected(box.id === selected?.id ? null : box);
  };
  if (picture.error) return <Problem error={picture.error} onRetry={() => picture.refetch()} />;
  if (failed) return <Text>The picture could not be laid out. The table has the same items.</Text>;
  return (
    <figure className={classes.frame} aria-label="Picture of the blast radius">
      <Drawing layout={layout} selected={selected?.id ?? null} pathTo={pathTo} onChoose={choose} />
      <figcaption className={classes.caption} aria-live="polite">
        {selected === null ? <Legend /> : describe(selected)}
        {opened.map((box) => (
          <button
            key={box.id}
            type="button"
            className={classes.close}
            onClick={() => setOpened(opened.filter((other) => other !== box))}
          >
            <CloseIcon /> Stack the {labelOf(box).name} again
          </button>
        ))}
      </figcaption>
    </figure>
  );
}

function Legend() {
  return (
    <div className={classes.legend}>
      <StateMark state="down" />
      <StateMark state="degraded" />
      <StateMark state="at_risk" />
      <StateMark state="up" />
      <Text span size="sm" c="dimmed">
        Choose a box to see why. A stack opens. Drag to move.
      </Text>
    </div>
  );
}
