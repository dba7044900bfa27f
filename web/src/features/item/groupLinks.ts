import type { RelationEntry } from "../catalogue/query";
import type { LinkRow } from "./query";

/** Links that read the same from an item: `runs on`, `is owned by`. */
export interface LinkGroup {
  readonly phrase: string;
  readonly links: readonly LinkRow[];
}

/** An item's links by what they mean for it. */
export interface LinkSections {
  /** What it rests on: whose failure can reach it. */
  readonly restsOn: readonly LinkGroup[];
  /** What rests on it: what its failure can reach. */
  readonly carries: readonly LinkGroup[];
  /** What it is cabled to: reachability, not one link, decides who is cut off. */
  readonly network: readonly LinkGroup[];
  /** Standbys, owners, records: nothing that a failure runs along by itself. */
  readonly other: readonly LinkGroup[];
}

export function groupLinks(
  links: readonly LinkRow[],
  relations: ReadonlyMap<string, RelationEntry>,
): LinkSections {
  const side = (link: LinkRow): keyof LinkSections => {
    const impact = relations.get(link.relation)?.impact;
    if (impact === "topology") return "network";
    if (impact !== "to_from" && impact !== "from_to") return "other";
    return (impact === "to_from") === link.outgoing ? "restsOn" : "carries";
  };
  const on = (wanted: keyof LinkSections) => byPhrase(links.filter((l) => side(l) === wanted));
  return {
    restsOn: on("restsOn"),
    carries: on("carries"),
    network: on("network"),
    other: on("other"),
  };
}

function byPhrase(links: readonly LinkRow[]): LinkGroup[] {
  const groups = new Map<string, LinkRow[]>();
  for (const link of links) groups.set(link.phrase, [...(groups.get(link.phrase) ?? []), link]);
  return [...groups]
    .map(([phrase, found]) => ({ phrase, links: found.sort(byName) }))
    .sort((a, b) => a.phrase.localeCompare(b.phrase, "en"));
}

function byName(a: LinkRow, b: LinkRow): number {
  return a.item.name.localeCompare(b.item.name, "en", { numeric: true }) || (a.id < b.id ? -1 : 1);
}
