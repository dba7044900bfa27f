import type { RelationEntry } from "../catalogue/query";
import type { AffectedRow } from "./query";

/** How a failure got to an item, to be read after the item's name. */
export interface Why {
  /** `is hosted on`, `is cut off by`; null where the item failed itself. */
  readonly phrase: string | null;
  /** What that leads to, nearest first; ids. */
  readonly from: readonly string[];
  /** The gate whose last needed member that was, where it has a name. */
  readonly gate: string | null;
}

/** Why an affected item is in its state: the last step of its path, as a person would say it. */
export function whyOf(row: AffectedRow, relations: ReadonlyMap<string, RelationEntry>): Why {
  const { because } = row;
  if (because == null) return { phrase: null, from: [], gate: null };
  if (because.devices.length > 0) {
    return { phrase: "is cut off by", from: because.devices, gate: null };
  }
  const relation = relations.get(because.relation);
  // A link's id is its relation and both its ends, in the order in which it is kept.
  const outgoing = because.link.startsWith(`${because.relation}:${row.id}:`);
  const phrase = outgoing ? relation?.phrase : relation?.inverse;
  return {
    phrase: phrase ?? because.relation,
    from: [because.from],
    gate: because.gate ?? null,
  };
}
