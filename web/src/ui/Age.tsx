import { ago, exactly } from "./time";

/** How long ago, with the exact moment on hover and for programs. */
export function Age({ time }: { time: string | null | undefined }) {
  if (time == null) return <span>never</span>;
  const moment = new Date(time);
  return (
    <time dateTime={time} title={exactly(moment)}>
      {ago(moment, new Date())}
    </time>
  );
}
