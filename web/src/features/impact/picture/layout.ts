import type { ELK, ElkExtendedEdge, ElkNode, ElkPoint, LayoutOptions } from "elkjs/lib/elk-api";
import { type Arrow, arrowsOf, type Box, homesOf, layerRank, type Picture } from "./model";

export interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export type Size = Pick<Place, "width" | "height">;

/** A picture and where everything in it is, in the picture's own pixels. */
export interface Layout {
  readonly boxes: readonly Box[];
  readonly arrows: readonly Arrow[];
  readonly places: ReadonlyMap<string, Place>;
  readonly routes: ReadonlyMap<string, readonly ElkPoint[]>;
  readonly width: number;
  readonly height: number;
}

/** What laying out needs to know of a box beyond the picture. */
export interface Shape {
  readonly size: (box: Box) => Size;
  /** The layer of the estate that a kind belongs to. */
  readonly layer: (kind: string) => string | undefined;
}

const OPTIONS: LayoutOptions = {
  "elk.algorithm": "layered",
  "elk.direction": "RIGHT",
  "elk.edgeRouting": "ORTHOGONAL",
  "elk.partitioning.activate": "true",
  "elk.spacing.nodeNode": "14",
  "elk.spacing.edgeNode": "12",
  "elk.spacing.edgeEdge": "8",
  "elk.layered.spacing.nodeNodeBetweenLayers": "34",
  "elk.layered.spacing.edgeNodeBetweenLayers": "12",
  "elk.layered.spacing.edgeEdgeBetweenLayers": "8",
  "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
  "elk.layered.mergeEdges": "true",
  "elk.padding": "[top=12,left=12,bottom=12,right=12]",
};

/** Keeps boxes in the order they had from top to bottom. */
const KEEP_ORDER: LayoutOptions = { "elk.layered.crossingMinimization.strategy": "INTERACTIVE" };

/**
 * Places the boxes from left (what failed) to right (what the business sees).
 *
 * With an earlier layout, boxes keep their order, and those that came out of a stack take its place.
 * Rejects where the layout engine fails.
 */
export async function layOut(
  engine: ELK,
  picture: Picture,
  shape: Shape,
  earlier: Layout | null,
): Promise<Layout> {
  const arrows = arrowsOf(picture.edges);
  const columns = columnsOf(picture.boxes, arrows, shape.layer);
  const seeds = earlier === null ? null : seedsOf(picture.boxes, earlier);
  const children = picture.boxes.map((box): ElkNode => {
    const column = columns.get(box.id) ?? 0;
    const layoutOptions = { "elk.partitioning.partition": String(column) };
    return { id: box.id, ...shape.size(box), layoutOptions, ...seeds?.get(box.id) };
  });
  const edges = arrows.map(
    (arrow): ElkExtendedEdge => ({ id: arrow.key, sources: [arrow.from], targets: [arrow.to] }),
  );
  const layoutOptions = seeds === null ? OPTIONS : { ...OPTIONS, ...KEEP_ORDER };
  const graph = await engine.layout({ id: "picture", children, edges, layoutOptions });
  return { boxes: picture.boxes, arrows, ...read(graph) };
}

/**
 * The column of each box: its layer, or that of what it rests on where that is further right, so
 * that no arrow runs backwards.
 */
export function columnsOf(
  boxes: readonly Box[],
  arrows: readonly Arrow[],
  layer: Shape["layer"],
): Map<string, number> {
  const own = (box: Box) => (box.cause || box.kind == null ? 0 : layerRank(layer(box.kind)));
  const columns = new Map(boxes.map((box) => [box.id, own(box)]));
  const outgoing = new Map<string, Arrow[]>();
  for (const arrow of arrows) {
    outgoing.set(arrow.from, [...(outgoing.get(arrow.from) ?? []), arrow]);
  }
  const waiting = [...columns.keys()];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    const column = columns.get(id) ?? 0;
    for (const { to } of outgoing.get(id) ?? []) {
      if ((columns.get(to) ?? 0) < column) {
        columns.set(to, column);
        waiting.push(to);
      }
    }
  }
  return columns;
}

/** Where boxes start from: where they were, or one below the other where their stack was. */
function seedsOf(boxes: readonly Box[], earlier: Layout): Map<string, ElkPoint> {
  const homes = homesOf(earlier.boxes);
  const seeds = new Map<string, ElkPoint>();
  boxes.forEach((box, index) => {
    const place =
      earlier.places.get(box.id) ?? earlier.places.get(homes.get(box.members[0]?.id ?? "") ?? "");
    // A thousandth of a pixel keeps the order among those that share a place.
    if (place !== undefined) seeds.set(box.id, { x: place.x, y: place.y + index / 1000 });
  });
  return seeds;
}

function read(graph: ElkNode): Pick<Layout, "places" | "routes" | "width" | "height"> {
  const places = new Map<string, Place>();
  for (const { id, x = 0, y = 0, width = 0, height = 0 } of graph.children ?? []) {
    places.set(id, { x, y, width, height });
  }
  const routes = new Map<string, ElkPoint[]>();
  for (const edge of graph.edges ?? []) {
    const points = (edge.sections ?? []).flatMap((section) => [
      section.startPoint,
      ...(section.bendPoints ?? []),
      section.endPoint,
    ]);
    routes.set(edge.id, points);
  }
  return { places, routes, width: graph.width ?? 0, height: graph.height ?? 0 };
}

/** An SVG path through the points, its corners rounded. */
export function pathThrough(points: readonly ElkPoint[], radius = 6): string {
  const [first, ...rest] = points;
  if (first === undefined) return "";
  let path = `M${first.x},${first.y}`;
  rest.forEach((point, index) => {
    const before = points[index];
    const after = rest[index + 1];
    if (before === undefined || after === undefined) {
      path += `L${point.x},${point.y}`;
      return;
    }
    const start = towards(point, before, radius);
    const end = towards(point, after, radius);
    path += `L${start.x},${start.y}Q${point.x},${point.y} ${end.x},${end.y}`;
  });
  return path;
}

/** The point at most `distance` from one towards the other, and never past the middle. */
function towards(from: ElkPoint, to: ElkPoint, distance: number): ElkPoint {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = Math.hypot(dx, dy);
  const share = length === 0 ? 0 : Math.min(distance / length, 0.5);
  return { x: from.x + dx * share, y: from.y + dy * share };
}
