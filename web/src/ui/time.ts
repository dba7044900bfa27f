const UNITS: readonly (readonly [string, number])[] = [
  ["year", 365 * 86_400],
  ["month", 30 * 86_400],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** How long ago that was, in the largest fitting unit: `3 days ago`; `just now` below a minute. */
export function ago(time: Date, now: Date): string {
  const seconds = (now.getTime() - time.getTime()) / 1000;
  for (const [unit, length] of UNITS) {
    const count = Math.floor(Math.abs(seconds) / length);
    if (count >= 1) {
      const amount = `${count} ${unit}${count === 1 ? "" : "s"}`;
      return seconds < 0 ? `in ${amount}` : `${amount} ago`;
    }
  }
  return "just now";
}

const EXACT = new Intl.DateTimeFormat("en-GB", {
  dateStyle: "medium",
  timeStyle: "long",
});

/** The moment to the second, in the reader's time zone. */
export const exactly = (time: Date): string => EXACT.format(time);
