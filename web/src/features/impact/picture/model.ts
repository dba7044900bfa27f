import type { PictureQuery } from "../../../graphql/generated/graphql";

export type Picture = NonNullable<PictureQuery["impact"]>["picture"];

/** One box of the picture: a single item, or a stack of items that are alike. */
export type Box = Picture["boxes"][number];

/** All edges between the same two boxes, drawn as one. */
export interface Arrow {
  readonly key: string;
  readonly from: string;
  readonly to: string;
  readonly count: number;
  readonly relations: readonly string[];
}

export const isStack = (box: Box): boolean => box.count > 1;

/** One arrow for all edges from one box to another. */
export function arrowsOf(edges: Picture["edges"]): Arrow[] {
  const found = new Map<string, Arrow>();
  for (const { from, to, relation, count } of edges) {
    const key = `${from} > ${to}`;
    const before = found.get(key) ?? { key, from, to, count: 0, relations: [] };
    found.set(key, {
      ...before,
      count: before.count + count,
      relations: [...before.relations, relation],
    });
  }
  return [...found.values()];
}

/** The boxes that items are in, by the items' ids; of a large stack the first hundred. */
export function homesOf(boxes: readonly Box[]): Map<string, string> {
  return new Map(boxes.flatMap((box) => box.members.map((item) => [item.id, box.id] as const)));
}

/** The layers from what everything rests on to what the business sees. */
const LAYERS = ["facility", "network", "compute", "platform", "delivery", "business"];

/** How far to the right a layer stands; what is in none stands on the left. */
export const layerRank = (layer: string | undefined): number => LAYERS.indexOf(layer ?? "") + 1;
