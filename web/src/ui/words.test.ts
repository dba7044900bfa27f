import { describe, expect, it } from "vitest";
import { counted, pluralKind, shortened, spaced, titled } from "./words";

describe("words", () => {
  it.each([
    ["NetworkDevice", "network device"],
    ["DnsRecord", "DNS record"],
    ["IPAddress", "IP address"],
    ["Server", "server"],
  ])("%s is written %s", (name, expected) => {
    expect(spaced(name)).toBe(expected);
  });

  it("begins lines with a capital", () => {
    expect(titled("operating_system_version")).toBe("Operating system version");
  });

  it.each([
    ["BusinessCapability", "Business capabilities"],
    ["Switch", "Switches"],
    ["VirtualMachine", "Virtual machines"],
    ["Gateway", "Gateways"],
    ["Person", "People"],
    ["ApiEndpoint", "API endpoints"],
  ])("several of %s are %s", (kind, expected) => {
    expect(pluralKind(kind)).toBe(expected);
  });

  it("counts one and many", () => {
    expect([counted(1, "item"), counted(1200, "item")]).toEqual(["1 item", "1,200 items"]);
  });

  it("keeps both ends of a long name", () => {
    expect(shortened("customer.harrowfinch.example.org", 15)).toBe("custome…ple.org");
    expect(shortened("customer.harrowfinch.example.org", 15)).toHaveLength(15);
    expect(shortened("short", 15)).toBe("short");
  });
});
