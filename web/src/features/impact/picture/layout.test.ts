import ELK from "elkjs/lib/elk.bundled.js";
import { describe, expect, it } from "vitest";
import { columnsOf, type Layout, layOut, pathThrough } from "./layout";
import { arrowsOf, type Box, type Picture } from "./model";

const LAYERS: Record<string, string> = {
  sw: "network",
  hv: "compute",
  nic: "network",
  app: "delivery",
  svc: "business",
};

function box(id: string, ids: string[] = [id]): Box {
  const kind = id.replace(/\d+$/, "");
  const cause = id === "sw";
  const members = ids.map((member) => ({ id: member, name: member }));
  return { id, label: id, kind, state: "down", count: members.length, members, cause };
}

const edge = (from: string, to: string, relation = "RUNS_ON", count = 1) => ({
  from,
  to,
  relation,
  count,
});
const apps = Array.from({ length: 8 }, (_, n) => `app${n}`);
const frame = ["sw", "hv1", "hv2", "nic1", "svc"].map((id) => box(id));
const cables = [edge("sw", "hv1"), edge("sw", "hv2"), edge("hv1", "nic1"), edge("hv2", "svc")];
const stacked: Picture = {
  boxes: [...frame, box("app", apps)],
  edges: [...cables, edge("hv1", "app", "RUNS_ON", 8)],
};
const opened: Picture = {
  boxes: [...frame, ...apps.map((id) => box(id))],
  edges: [...cables, ...apps.map((id) => edge("hv1", id))],
};
const shape = {
  size: () => ({ width: 160, height: 44 }),
  layer: (kind: string) => LAYERS[kind],
};

function y(layout: Layout, id: string): number {
  const place = layout.places.get(id);
  if (place === undefined) throw new Error(`${id} has no place`);
  return place.y;
}

describe("layOut", () => {
  it("places every box without overlap, providers left of what rests on them", async () => {
    const layout = await layOut(new ELK(), opened, shape, null);
    expect(layout.places.size).toBe(opened.boxes.length);
    for (const arrow of layout.arrows) {
      const [from, to] = [layout.places.get(arrow.from), layout.places.get(arrow.to)];
      if (!from || !to) throw new Error("an end has no place");
      expect(from.x + from.width).toBeLessThanOrEqual(to.x);
      expect(layout.routes.get(arrow.key)?.length).toBeGreaterThan(1);
    }
    const places = [...layout.places.values()];
    for (const [index, a] of places.entries()) {
      for (const b of places.slice(index + 1)) {
        const beside = a.x + a.width <= b.x || b.x + b.width <= a.x;
        expect(beside || a.y + a.height <= b.y || b.y + b.height <= a.y).toBe(true);
      }
    }
  });

  it("keeps the order of the others when a stack is opened, and its members together", async () => {
    const before = await layOut(new ELK(), stacked, shape, null);
    const after = await layOut(new ELK(), opened, shape, before);
    const firstAbove = (of: Layout) => y(of, "hv1") < y(of, "hv2");
    expect(firstAbove(after)).toBe(firstAbove(before));
    const ys = apps.map((app) => y(after, app));
    expect(ys).toEqual([...ys].sort((a, b) => a - b));
  });
});

describe("arrowsOf", () => {
  it("makes one arrow of all edges between two boxes, with their count", () => {
    const arrows = arrowsOf([
      edge("a", "b", "RUNS_ON", 8),
      edge("a", "b", "ATTACHES_TO", 2),
      edge("b", "a"),
    ]);
    expect(arrows).toHaveLength(2);
    expect(arrows[0]).toMatchObject({ count: 10, relations: ["RUNS_ON", "ATTACHES_TO"] });
  });
});

describe("columnsOf", () => {
  it("puts parts beside their whole, whatever their own layer is", () => {
    const columns = columnsOf(opened.boxes, arrowsOf(opened.edges), shape.layer);
    expect(columns.get("nic1")).toBe(columns.get("hv1"));
    expect(columns.get("svc")).toBeGreaterThan(columns.get("app0") ?? 0);
  });

  it("comes to an end on a cycle", () => {
    const circle = arrowsOf([edge("hv1", "app0"), edge("app0", "hv1")]);
    const columns = columnsOf([box("hv1"), box("app0")], circle, shape.layer);
    expect(columns.get("hv1")).toBe(columns.get("app0"));
  });
});

describe("pathThrough", () => {
  it("rounds corners and never past the middle of a short piece", () => {
    const corner = [
      { x: 0, y: 0 },
      { x: 10, y: 0 },
      { x: 10, y: 4 },
    ];
    expect(pathThrough(corner)).toBe("M0,0L5,0Q10,0 10,2L10,4");
  });

  it("draws nothing without points", () => {
    expect(pathThrough([])).toBe("");
  });
});
