import { SegmentedControl, Text, Title } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import { Age } from "../../ui/Age";
import { ItemLink } from "../../ui/ItemLink";
import { Problem } from "../../ui/Problem";
import { StateMark } from "../../ui/StateMark";
import { usePageTitle } from "../../ui/usePageTitle";
import { Waiting } from "../../ui/Waiting";
import { titled } from "../../ui/words";
import { type Catalogue, catalogueQuery } from "../catalogue/query";
import { itemQuery } from "../item/query";
import { AffectedTable } from "./AffectedTable";
import { Findings } from "./Findings";
import classes from "./ImpactPage.module.css";
import { PictureView } from "./picture/PictureView";
import { type Impact, impactQuery } from "./query";
import { WhyLine } from "./WhyLine";

const route = getRouteApi("/items/$id/impact");

/** What the failure of one item hits: a sentence, counts, a picture, whom to call, every item. */
export function ImpactPage() {
  const { id } = route.useParams();
  const { state = "down" } = route.useSearch();
  const navigate = route.useNavigate();
  const catalogue = useQuery(catalogueQuery);
  const item = useQuery(itemQuery(id));
  const impact = useQuery({ ...impactQuery(id, state), placeholderData: keepPreviousData });
  usePageTitle(item.data ? `If ${item.data.name} fails` : undefined);

  const error = impact.error ?? item.error ?? catalogue.error;
  if (error) {
    const again = () => void Promise.all([impact.refetch(), item.refetch(), catalogue.refetch()]);
    return <Problem error={error} onRetry={again} />;
  }
  return (
    <>
      <div className={classes.head}>
        <div>
          {item.data ? (
            <Text size="sm" c="dimmed">
              {titled(item.data.kind)} <ItemLink id={item.data.id} name={item.data.name} />
            </Text>
          ) : null}
          <Title order={1} size="h2">
            What if {item.data?.name ?? "it"} {state === "down" ? "goes down" : "degrades"}?
          </Title>
        </div>
        <SegmentedControl
          aria-label="How it fails"
          value={state}
          onChange={(value) =>
            navigate({ search: value === "degraded" ? { state: "degraded" } : {}, replace: true })
          }
          data={[
            { value: "down", label: "Goes down" },
            { value: "degraded", label: "Degrades" },
          ]}
        />
      </div>
      {impact.data && catalogue.data ? (
        <Answer
          key={`${id} ${state}`}
          id={id}
          state={state}
          impact={impact.data}
          catalogue={catalogue.data}
          old={impact.isPlaceholderData}
        />
      ) : (
        <Waiting what="the blast radius" lines={10} />
      )}
    </>
  );
}

interface AnswerProps {
  readonly id: string;
  readonly state: "down" | "degraded";
  readonly impact: Impact;
  readonly catalogue: Catalogue;
  /** The answer is that of the state asked about before. */
  readonly old: boolean;
}

function Answer({ id, state, impact, catalogue, old }: AnswerProps) {
  const rows = useMemo(() => new Map(impact.affected.map((row) => [row.id, row])), [impact]);
  const pathTo = useCallback((of: string) => rows.get(of)?.path ?? [of], [rows]);
  const { counts } = impact;
  const alone = impact.affected.length === impact.failed.length;
  return (
    <div data-old={old || undefined} className={classes.answer}>
      <p className={classes.sentence}>{impact.sentence}</p>
      <div className={classes.counts}>
        <StateMark state="down" count={counts.down} />
        <StateMark state="degraded" count={counts.degraded} />
        <StateMark state="at_risk" count={counts.atRisk} />
        <Text size="sm" c="dimmed">
          True of revision {impact.revision}, asked <Age time={impact.asOf} />
        </Text>
      </div>
      {alone ? null : (
        <>
          <PictureView
            id={id}
            state={state}
            catalogue={catalogue}
            pathTo={pathTo}
            describe={(box) => {
              const row = rows.get(box.id);
              return row ? (
                <WhyLine row={row} rows={rows} relations={catalogue.relations} />
              ) : (
                <Text size="sm">
                  <ItemLink id={box.id} name={box.label} /> stays up, and is why a gate holds.
                </Text>
              );
            }}
          />
          <Findings impact={impact} />
          <AffectedTable impact={impact} rows={rows} relations={catalogue.relations} />
        </>
      )}
    </div>
  );
}
