import { Link } from "@tanstack/react-router";
import classes from "./ItemLink.module.css";
import { titled } from "./words";

interface Props {
  readonly id: string;
  readonly name: string;
  readonly kind?: string;
  /** The kind goes under the name. */
  readonly stacked?: boolean;
}

/** An item's name as a link to its page, its kind quietly beside it. */
export function ItemLink({ id, name, kind, stacked = false }: Props) {
  return (
    <span className={classes.row} data-stacked={stacked || undefined}>
      <Link to="/items/$id" params={{ id }} className={classes.link}>
        {name}
      </Link>
      {kind === undefined ? null : <span className={classes.kind}>{titled(kind)}</span>}
    </span>
  );
}
