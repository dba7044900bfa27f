/** Words of kinds' and properties' names that are written in capitals. */
const CAPITALS = new Set(["api", "cpu", "dns", "fqdn", "id", "ip", "mac", "os", "url", "uuid"]);

/** `NetworkDevice` as people write it: `network device`; `DnsRecord` as `DNS record`. */
export function spaced(name: string): string {
  return name
    .replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1 $2")
    .toLowerCase()
    .split(" ")
    .map((word) => (CAPITALS.has(word) ? word.toUpperCase() : word))
    .join(" ");
}

/** The same, to begin a line with. */
export function titled(name: string): string {
  const words = spaced(name.replaceAll("_", " "));
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** `1 item`, `2,000 items`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

/** Several of a kind: `Virtual machines`, `Network devices`, `Business capabilities`. */
export function pluralKind(kind: string): string {
  const one = titled(kind);
  if (one === "Person") return "People";
  if (/[^aeiou]y$/.test(one)) return `${one.slice(0, -1)}ies`;
  return /(s|x|ch|sh)$/.test(one) ? `${one}es` : `${one}s`;
}

/** A long name with its middle left out, at most `length` characters. */
export function shortened(name: string, length: number): string {
  if (name.length <= length) return name;
  const tail = Math.floor((length - 1) / 2);
  return `${name.slice(0, length - 1 - tail)}…${name.slice(name.length - tail)}`;
}
