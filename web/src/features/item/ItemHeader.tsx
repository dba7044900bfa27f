import { Text, Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { Age } from "../../ui/Age";
import { BlastIcon } from "../../ui/icons";
import { LinkButton } from "../../ui/LinkButton";
import { StatusBadge } from "../../ui/StatusBadge";
import { titled } from "../../ui/words";
import classes from "./ItemHeader.module.css";
import type { ItemDetails } from "./query";

/** What an item is, how it stands, who saw it when, and the way to its blast radius. */
export function ItemHeader({ item }: { item: ItemDetails }) {
  return (
    <header className={classes.header}>
      <div className={classes.words}>
        <Text c="dimmed" size="sm">
          {titled(item.kind)}
        </Text>
        <div className={classes.name}>
          <Title order={1} size="h2">
            {item.name}
          </Title>
          <StatusBadge status={item.status} stale={item.stale} />
        </div>
        <Text size="sm" c="dimmed">
          {item.sources.length > 0
            ? `Reported by ${item.sources.join(", ")}`
            : "No source reports it"}
          , last seen <Age time={item.lastSeen} />
        </Text>
        {item.mergedInto ? (
          <Text size="sm">
            It was found to be the same thing as{" "}
            <Link to="/items/$id" params={{ id: item.mergedInto }}>
              another item
            </Link>
            .
          </Text>
        ) : null}
        <Identifiers now={item.identifiers} former={item.formerIdentifiers} />
      </div>
      <LinkButton to="/items/$id/impact" params={{ id: item.id }} leftSection={<BlastIcon />}>
        What if it fails?
      </LinkButton>
    </header>
  );
}

function Identifiers({ now, former }: { now: readonly string[]; former: readonly string[] }) {
  if (now.length + former.length === 0) return null;
  return (
    <details className={classes.identifiers}>
      <summary>
        Known by {now.length} {now.length === 1 ? "identifier" : "identifiers"}
      </summary>
      <ul>
        {now.map((key) => (
          <li key={key}>
            <code>{key}</code>
          </li>
        ))}
        {former.map((key) => (
          <li key={key}>
            <code>{key}</code> (formerly)
          </li>
        ))}
      </ul>
    </details>
  );
}
