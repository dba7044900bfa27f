import { Button, Text, Title } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { Age } from "../../ui/Age";
import { ItemLink } from "../../ui/ItemLink";
import { StateMark } from "../../ui/StateMark";
import { counted } from "../../ui/words";
import classes from "./Findings.module.css";
import type { Impact } from "./query";

/** Entries of a list that are shown at first. */
const AT_FIRST = 6;

/** What a blast radius means for people: services hit, whom to call, what held, what is doubtful. */
export function Findings({ impact }: { impact: Impact }) {
  const { services, owners, gatesHeld, weakEvidence } = impact;
  return (
    <div className={classes.findings}>
      <Finding title="Services hit" empty="No service is hit." rows={services}>
        {(service) => (
          <li key={service.id} className={classes.row}>
            <ItemLink id={service.id} name={service.name} kind={service.kind} stacked />
            <span className={classes.right}>
              {service.criticality ? (
                <span className={classes.note}>{service.criticality}</span>
              ) : null}
              <StateMark state={service.state} />
            </span>
          </li>
        )}
      </Finding>
      <Finding title="Whom to call" empty="Nobody is known to own what is hit." rows={owners}>
        {(owner) => (
          <li key={owner.id} className={classes.row}>
            <span>
              <ItemLink id={owner.id} name={owner.name} kind={owner.kind} />
              <Text span className={classes.small}>
                {[
                  owner.owns > 0 ? `owns ${owner.owns} of what is hit` : null,
                  owner.supports > 0 ? `supports ${owner.supports}` : null,
                ]
                  .filter((part) => part !== null)
                  .join(", ")}
              </Text>
            </span>
            <span className={classes.right}>
              {owner.contact ? <Contact text={owner.contact} /> : "no contact known"}
            </span>
          </li>
        )}
      </Finding>
      <Finding title="What held" empty="No redundancy was needed." rows={gatesHeld}>
        {(gate) => (
          <li key={`${gate.id} ${gate.gate}`} className={classes.row}>
            <span>
              <ItemLink id={gate.id} name={gate.name} kind={gate.kind} />
              <Text span className={classes.small}>
                {gate.up} of {gate.total} up, {gate.needed} needed
              </Text>
            </span>
            <span className={classes.right}>
              {gate.margin > 0 ? `${gate.margin} to spare` : "none to spare"}
            </span>
          </li>
        )}
      </Finding>
      {weakEvidence.length > 0 ? (
        <Finding title="Doubtful evidence" empty="" rows={weakEvidence}>
          {(weak) => (
            <li key={weak.id} className={classes.row}>
              <span>
                {weak.sentence}
                {weak.lastSeen ? (
                  <Text span className={classes.small}>
                    last seen <Age time={weak.lastSeen} />
                  </Text>
                ) : null}
              </span>
            </li>
          )}
        </Finding>
      ) : null}
    </div>
  );
}

interface FindingProps<Row> {
  readonly title: string;
  readonly empty: string;
  readonly rows: readonly Row[];
  readonly children: (row: Row) => ReactNode;
}

function Finding<Row>({ title, empty, rows, children }: FindingProps<Row>) {
  const [all, setAll] = useState(false);
  const shown = all ? rows : rows.slice(0, AT_FIRST);
  const hidden = rows.length - shown.length;
  return (
    <section className={classes.finding} aria-label={title}>
      <Title order={2} size="h4">
        {title}
        {rows.length > 0 ? <span className={classes.count}>{rows.length}</span> : null}
      </Title>
      {rows.length === 0 ? <Text c="dimmed">{empty}</Text> : null}
      <ul className={classes.list}>{shown.map(children)}</ul>
      {hidden > 0 ? (
        <Button variant="subtle" size="compact-sm" onClick={() => setAll(true)}>
          {counted(hidden, "more", "more")}
        </Button>
      ) : null}
    </section>
  );
}

function Contact({ text }: { text: string }) {
  if (/^\+?[\d ()/-]{5,}$/.test(text)) {
    return <a href={`tel:${text.replace(/[^\d+]/g, "")}`}>{text}</a>;
  }
  return /^\S+@\S+$/.test(text) ? <a href={`mailto:${text}`}>{text}</a> : text;
}
