import type { ImpactState } from "../../ui/states";
import type { AffectedRow } from "./query";

export type SortField = "state" | "name" | "kind" | "distance";

export interface View {
  /** null: all. */
  readonly state: ImpactState | null;
  readonly kind: string | null;
  readonly text: string;
  readonly sort: SortField;
  readonly descending: boolean;
}

const SEVERITY: readonly ImpactState[] = ["down", "degraded", "at_risk", "up"];

const ORDERS: Record<SortField, (a: AffectedRow, b: AffectedRow) => number> = {
  state: (a, b) => SEVERITY.indexOf(a.state) - SEVERITY.indexOf(b.state),
  name: (a, b) => a.name.localeCompare(b.name, "en", { numeric: true }),
  kind: (a, b) => a.kind.localeCompare(b.kind, "en"),
  distance: (a, b) => a.distance - b.distance,
};

/** The rows that a view shows, in its order; ties stay in the order of the answer. */
export function viewed(rows: readonly AffectedRow[], view: View): AffectedRow[] {
  const text = view.text.trim().toLowerCase();
  const order = ORDERS[view.sort];
  return rows
    .filter(
      (row) =>
        (view.state === null || row.state === view.state) &&
        (view.kind === null || row.kind === view.kind) &&
        row.name.toLowerCase().includes(text),
    )
    .sort((a, b) => (view.descending ? order(b, a) : order(a, b)));
}
