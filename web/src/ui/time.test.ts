import { describe, expect, it } from "vitest";
import { ago } from "./time";

const now = new Date("2026-03-01T12:00:00Z");

describe("ago", () => {
  it.each([
    ["2026-03-01T11:59:30Z", "just now"],
    ["2026-03-01T11:59:00Z", "1 minute ago"],
    ["2026-03-01T09:30:00Z", "2 hours ago"],
    ["2026-02-27T12:00:00Z", "2 days ago"],
    ["2025-12-01T12:00:00Z", "3 months ago"],
    ["2024-02-01T12:00:00Z", "2 years ago"],
    ["2026-03-03T12:00:00Z", "in 2 days"],
  ])("says how long ago %s was: %s", (time, expected) => {
    expect(ago(new Date(time), now)).toBe(expected);
  });
});
