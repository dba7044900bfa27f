const BYTES = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** A property's value as people read it, with its unit. */
export function shown(value: unknown, unit?: string | null): string {
  if (value === null || value === undefined || value === "") return "—";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Array.isArray(value)) return value.map((entry) => shown(entry, unit)).join(", ");
  if (typeof value === "number") return number(value, unit);
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function number(value: number, unit?: string | null): string {
  if (unit === "B") return bytes(value);
  const digits = value.toLocaleString("en", { maximumFractionDigits: 6 });
  // A number without a unit may be a port or a year: those have no thousands.
  return unit ? `${digits}${unit === "%" ? "" : " "}${unit}` : String(value);
}

function bytes(value: number): string {
  let [rest, step] = [value, 0];
  while (Math.abs(rest) >= 1024 && step < BYTES.length - 1) {
    rest /= 1024;
    step += 1;
  }
  return `${rest.toLocaleString("en", { maximumFractionDigits: 1 })} ${BYTES[step]}`;
}
