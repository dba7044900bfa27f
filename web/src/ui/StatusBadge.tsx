import classes from "./StatusBadge.module.css";

const MEANING: Record<string, string> = {
  planned: "It is planned and not there yet.",
  active: "Its sources see it.",
  maintenance: "It is being worked on.",
  missing: "Its sources no longer see it.",
  retired: "It is gone.",
};

interface Props {
  readonly status: string;
  /** Nobody has seen the item for longer than its kind allows. */
  readonly stale?: boolean;
}

/** Where an item stands in its life, and whether what is known of it is old. */
export function StatusBadge({ status, stale = false }: Props) {
  return (
    <span className={classes.row}>
      <span className={classes.badge} data-status={status} title={MEANING[status]}>
        {status}
      </span>
      {stale ? (
        <span
          className={classes.badge}
          data-status="stale"
          title="Nobody has seen it for longer than its kind allows."
        >
          stale
        </span>
      ) : null}
    </span>
  );
}
