import { describe, expect, it } from "vitest";
import { shown } from "./values";

describe("shown", () => {
  it.each([
    [null, null, "—"],
    [true, null, "yes"],
    [["a", "b"], null, "a, b"],
    [5432, null, "5432"],
    [2400, "MHz", "2,400 MHz"],
    [99.95, "%", "99.95%"],
    [64 * 1024 ** 3, "B", "64 GiB"],
    [1536, "B", "1.5 KiB"],
    [512, "B", "512 B"],
    [{ a: 1 }, null, '{"a":1}'],
  ])("%j %s is %s", (value, unit, expected) => {
    expect(shown(value, unit)).toBe(expected);
  });
});
