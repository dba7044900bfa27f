import { ActionIcon, Loader } from "@mantine/core";
import { useMemo, useRef } from "react";
import { MinusIcon, PlusIcon, ToEndIcon, ToStartIcon } from "../../../ui/icons";
import { counted } from "../../../ui/words";
import { BoxShape } from "./BoxShape";
import { type Layout, pathThrough } from "./layout";
import { type Arrow, type Box, homesOf } from "./model";
import classes from "./Picture.module.css";
import { useZoom } from "./useZoom";

interface Props {
  /** null while it is being made. */
  readonly layout: Layout | null;
  /** The box that was chosen. */
  readonly selected: string | null;
  readonly pathTo: (id: string) => readonly string[];
  readonly onChoose: (box: Box) => void;
}

/** The boxes and arrows, in a window that can be moved over them. */
export function Drawing({ layout, selected, pathTo, onChoose }: Props) {
  const svg = useRef<SVGSVGElement>(null);
  const cause = layout?.boxes.find((box) => box.cause);
  const start = cause && layout?.places.get(cause.id);
  const { transform, by, showStart, showEnd, reveal } = useZoom(svg, layout, start);
  const lit = useMemo(() => {
    if (layout === null || selected === null) return null;
    const homes = homesOf(layout.boxes);
    const path = pathTo(selected).flatMap((id) => homes.get(id) ?? []);
    return path.length > 1 ? path : null;
  }, [layout, selected, pathTo]);
  return (
    <div className={classes.window}>
      {/* biome-ignore lint/a11y/noSvgWithoutTitle: the figure has a label, and each box its own */}
      <svg
        ref={svg}
        className={classes.drawing}
        style={layout === null ? {} : { height: heightFor(layout) }}
        data-ready={layout !== null || undefined}
      >
        <defs>
          <marker
            id="head"
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerWidth="8"
            markerHeight="8"
            markerUnits="userSpaceOnUse"
            orient="auto"
          >
            <path d="M0,0.5 7.5,4 0,7.5z" className={classes.head} />
          </marker>
        </defs>
        <g transform={transform.toString()}>
          {layout?.arrows.map((arrow) => (
            <ArrowShape key={arrow.key} arrow={arrow} layout={layout} lit={lit} />
          ))}
          {layout?.boxes.map((box) => {
            const place = layout.places.get(box.id);
            return place ? (
              <BoxShape
                key={box.id}
                box={box}
                place={place}
                selected={box.id === selected}
                dimmed={lit !== null && !lit.includes(box.id)}
                onChoose={onChoose}
                onFocus={reveal}
              />
            ) : null;
          })}
        </g>
      </svg>
      {layout ? null : (
        <div className={classes.waiting} role="status">
          <Loader size="sm" /> Drawing the picture …
        </div>
      )}
      <ActionIcon.Group className={classes.tools ?? ""}>
        <ActionIcon variant="default" size="lg" aria-label="Zoom in" onClick={() => by(1.25)}>
          <PlusIcon />
        </ActionIcon>
        <ActionIcon variant="default" size="lg" aria-label="Zoom out" onClick={() => by(0.8)}>
          <MinusIcon />
        </ActionIcon>
        <ActionIcon variant="default" size="lg" aria-label="To what failed" onClick={showStart}>
          <ToStartIcon />
        </ActionIcon>
        <ActionIcon variant="default" size="lg" aria-label="To the far end" onClick={showEnd}>
          <ToEndIcon />
        </ActionIcon>
      </ActionIcon.Group>
    </div>
  );
}

/** As high as the picture is, within what a window has room for. */
function heightFor(layout: Layout): string {
  return `clamp(240px, ${Math.ceil(layout.height)}px, max(320px, 62vh))`;
}

interface ArrowProps {
  readonly arrow: Arrow;
  readonly layout: Layout;
  /** The boxes on the way to the chosen one, in order; null without one. */
  readonly lit: readonly string[] | null;
}

function ArrowShape({ arrow, layout, lit }: ArrowProps) {
  const points = layout.routes.get(arrow.key) ?? [];
  const end = points.at(-1);
  const onPath = lit?.some((id, index) => id === arrow.from && lit[index + 1] === arrow.to);
  return (
    <g>
      <title>{`${counted(arrow.count, "link")}: ${arrow.relations.join(", ")}`}</title>
      <path
        d={pathThrough(points)}
        className={classes.arrow}
        markerEnd="url(#head)"
        data-lit={onPath || undefined}
        data-dimmed={(lit !== null && !onPath) || undefined}
      />
      {arrow.count > 1 && end ? (
        <text x={end.x - 9} y={end.y - 4} className={classes.count}>
          {arrow.count}
        </text>
      ) : null}
    </g>
  );
}
