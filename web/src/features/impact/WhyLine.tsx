import { Link } from "@tanstack/react-router";
import { ItemLink } from "../../ui/ItemLink";
import { StateMark } from "../../ui/StateMark";
import { titled } from "../../ui/words";
import type { RelationEntry } from "../catalogue/query";
import type { AffectedRow } from "./query";
import classes from "./WhyLine.module.css";
import { whyOf } from "./why";

interface Props {
  readonly row: AffectedRow;
  readonly rows: ReadonlyMap<string, AffectedRow>;
  readonly relations: ReadonlyMap<string, RelationEntry>;
}

/** One affected item, its state, and every step from what failed to it. */
export function WhyLine({ row, rows, relations }: Props) {
  return (
    <div className={classes.line}>
      <div className={classes.head}>
        <StateMark state={row.state} />
        <ItemLink id={row.id} name={row.name} kind={row.kind} />
        {row.because ? (
          <Link to="/items/$id/impact" params={{ id: row.id }} className={classes.link}>
            What if it fails alone?
          </Link>
        ) : null}
      </div>
      <Steps row={row} rows={rows} relations={relations} />
    </div>
  );
}

/** The steps from an item back to what failed, each as a sentence would have it. */
export function Steps({ row, rows, relations }: Props) {
  const steps = [...row.path].reverse().flatMap((id) => rows.get(id) ?? []);
  return (
    <ol className={classes.steps}>
      {steps.map((step) => {
        const { phrase, from, gate } = whyOf(step, relations);
        return (
          <li key={step.id}>
            <b>{step.name}</b> is {step.state.replace("_", " ")}:{" "}
            {phrase === null
              ? "it failed itself"
              : `${phrase} ${from.map((id) => named(id, rows)).join(" and ")}`}
            {gate === null ? "" : ` (gate ${gate})`}
          </li>
        );
      })}
    </ol>
  );
}

function named(id: string, rows: Props["rows"]): string {
  const row = rows.get(id);
  return row === undefined ? "an item that is not listed" : `${titled(row.kind)} ${row.name}`;
}
