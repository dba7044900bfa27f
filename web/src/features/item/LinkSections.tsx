import { Button, Text, Title } from "@mantine/core";
import { useState } from "react";
import { ItemLink } from "../../ui/ItemLink";
import { StatusBadge } from "../../ui/StatusBadge";
import { counted } from "../../ui/words";
import type { RelationEntry } from "../catalogue/query";
import { groupLinks, type LinkGroup } from "./groupLinks";
import classes from "./LinkSections.module.css";
import type { ItemDetails, LinkRow } from "./query";

/** Links of a group that are shown at first. */
const AT_FIRST = 8;

interface Props {
  readonly links: ItemDetails["links"];
  readonly relations: ReadonlyMap<string, RelationEntry>;
}

/** An item's links: what it rests on, what rests on it, and the others. */
export function LinkSectionsView({ links, relations }: Props) {
  const { restsOn, carries, network, other } = groupLinks(links.nodes, relations);
  const missing = links.totalCount - links.nodes.length;
  return (
    <div className={classes.sections}>
      <Section title="What it rests on" groups={restsOn} empty="Nothing that is known." />
      <Section
        title="What rests on it"
        groups={carries}
        empty={network.length > 0 ? "Nothing but what it is cabled to." : "Nothing that is known."}
      />
      {network.length > 0 ? <Section title="Cabled to" groups={network} empty="" /> : null}
      <Section title="Also linked" groups={other} empty="Nothing." />
      {missing > 0 ? (
        <Text c="dimmed" className={classes.missing}>
          {counted(missing, "more link is", "more links are")} not shown here.
        </Text>
      ) : null}
    </div>
  );
}

interface SectionProps {
  readonly title: string;
  readonly groups: readonly LinkGroup[];
  readonly empty: string;
}

function Section({ title, groups, empty }: SectionProps) {
  return (
    <section className={classes.section} aria-label={title}>
      <Title order={2} size="h4" mb="xs">
        {title}
      </Title>
      {groups.length === 0 ? <Text c="dimmed">{empty}</Text> : null}
      {groups.map((group) => (
        <Group key={group.phrase} group={group} />
      ))}
    </section>
  );
}

function Group({ group }: { group: LinkGroup }) {
  const [all, setAll] = useState(false);
  const shown = all ? group.links : group.links.slice(0, AT_FIRST);
  const hidden = group.links.length - shown.length;
  return (
    <div className={classes.group}>
      <Title order={3} className={classes.phrase}>
        {group.phrase}
        {group.links.length > 1 ? (
          <span className={classes.count}>{group.links.length}</span>
        ) : null}
      </Title>
      <ul className={classes.list}>
        {shown.map((link) => (
          <li key={link.id} title={hint(link)}>
            <ItemLink id={link.item.id} name={link.item.name} kind={link.item.kind} />
            <Notes link={link} />
          </li>
        ))}
      </ul>
      {hidden > 0 ? (
        <Button variant="subtle" size="compact-sm" onClick={() => setAll(true)}>
          {counted(hidden, "more", "more")}
        </Button>
      ) : null}
    </div>
  );
}

/** What is not as usual about a link. */
function Notes({ link }: { link: LinkRow }) {
  const notes = [
    link.gate === null || link.gate === undefined ? null : `gate ${link.gate}`,
    link.strength === "soft" ? "soft" : null,
    link.confidence < 0.5 ? `only ${Math.round(link.confidence * 100)}% sure` : null,
  ].filter((note) => note !== null);
  const status = link.status === "active" ? link.item.status : link.status;
  return (
    <>
      {notes.length > 0 ? <span className={classes.note}>{notes.join(", ")}</span> : null}
      {status === "active" ? null : <StatusBadge status={status} />}
    </>
  );
}

/** Who says that the link is there. */
function hint(link: LinkRow): string {
  const sure = link.confidence < 1 ? `, ${Math.round(link.confidence * 100)}% sure` : "";
  return `Reported by ${link.sources.join(", ")}${sure}${link.evidence ? `: ${link.evidence}` : ""}`;
}
