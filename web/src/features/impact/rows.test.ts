import { describe, expect, it } from "vitest";
import type { ImpactState } from "../../ui/states";
import type { AffectedRow } from "./query";
import { type View, viewed } from "./rows";
import { whyOf } from "./why";

function row(id: string, state: ImpactState, distance: number, more: Partial<AffectedRow> = {}) {
  const name = `${id}-name`;
  return {
    id,
    name,
    kind: "Server",
    state,
    distance,
    path: [],
    because: null,
    ...more,
  } as AffectedRow;
}

const rows = [row("b10", "down", 0), row("b2", "at_risk", 2), row("a", "degraded", 1)];
const all: View = { state: null, kind: null, text: "", sort: "state", descending: false };
const ids = (view: Partial<View>) => viewed(rows, { ...all, ...view }).map((r) => r.id);

describe("viewed", () => {
  it("sorts the worst first, or the other way round", () => {
    expect(ids({})).toEqual(["b10", "a", "b2"]);
    expect(ids({ descending: true })).toEqual(["b2", "a", "b10"]);
  });

  it("sorts names with their numbers as numbers", () => {
    expect(ids({ sort: "name" })).toEqual(["a", "b2", "b10"]);
  });

  it("filters by state, kind and text, ignoring case", () => {
    expect(ids({ state: "at_risk" })).toEqual(["b2"]);
    expect(ids({ kind: "Cluster" })).toEqual([]);
    expect(ids({ text: " B2-N" })).toEqual(["b2"]);
  });
});

describe("whyOf", () => {
  const relations = new Map([
    [
      "HOSTED_ON",
      { name: "HOSTED_ON", phrase: "is hosted on", inverse: "hosts", impact: "to_from" },
    ],
    [
      "MEMBER_OF",
      { name: "MEMBER_OF", phrase: "is a member of", inverse: "has the member", impact: "from_to" },
    ],
  ]);
  const because = (relation: string, link: string) =>
    row("vm", "down", 1, { because: { relation, link, from: "hv", gate: null, devices: [] } });

  it("reads a link from the affected item, whichever end it is", () => {
    expect(whyOf(because("HOSTED_ON", "HOSTED_ON:vm:hv"), relations).phrase).toBe("is hosted on");
    expect(whyOf(because("MEMBER_OF", "MEMBER_OF:hv:vm"), relations).phrase).toBe("has the member");
  });

  it("names the devices that cut an item off", () => {
    const cut = row("vm", "down", 1, {
      because: {
        relation: "LINKED_TO",
        link: "LINKED_TO:a:b",
        from: "sw",
        gate: null,
        devices: ["s1", "s2"],
      },
    });
    expect(whyOf(cut, relations)).toEqual({
      phrase: "is cut off by",
      from: ["s1", "s2"],
      gate: null,
    });
  });

  it("has nothing to say of what failed itself", () => {
    expect(whyOf(row("a", "down", 0), relations).phrase).toBeNull();
  });
});
