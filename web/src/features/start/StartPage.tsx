import { Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Age } from "../../ui/Age";
import { Message } from "../../ui/Message";
import { Problem } from "../../ui/Problem";
import { usePageTitle } from "../../ui/usePageTitle";
import { Waiting } from "../../ui/Waiting";
import { counted, pluralKind, titled } from "../../ui/words";
import { type Catalogue, catalogueQuery } from "../catalogue/query";
import { startQuery, trialsQuery } from "./query";
import classes from "./StartPage.module.css";

/** What is in the store, and where to begin. */
export function StartPage() {
  const start = useQuery(startQuery);
  const catalogue = useQuery(catalogueQuery);
  usePageTitle(undefined);
  const error = start.error ?? catalogue.error;
  if (error) {
    const again = () => void Promise.all([start.refetch(), catalogue.refetch()]);
    return <Problem error={error} onRetry={again} />;
  }
  if (!start.data || !catalogue.data) return <Waiting what="what the store holds" lines={8} />;
  const { items, links, revision, revisionTime, waiting } = start.data;
  const sum = (counts: ReadonlyMap<string, number>) =>
    [...counts.values()].reduce((a, b) => a + b, 0);
  if (sum(items) === 0) return <EmptyStore />;
  return (
    <>
      <Title order={1} size="h2">
        What breaks if this fails?
      </Title>
      <Text mt={4} mb="lg">
        {counted(sum(items), "item")} and {counted(sum(links), "link")} as of revision {revision},
        written <Age time={revisionTime} />.
        {waiting > 0
          ? ` ${counted(waiting, "link waits", "links wait")} for an item that nobody has reported yet.`
          : ""}
      </Text>
      <Trials />
      <Title order={2} size="h4" mt="xl" mb="xs">
        What is here
      </Title>
      <Kinds counts={items} catalogue={catalogue.data} />
    </>
  );
}

function EmptyStore() {
  return (
    <Message title="There is nothing here yet">
      <p>Scan the machine that this runs on, or import what you have:</p>
      <pre className={classes.commands}>cmdb scan local{"\n"}cmdb import FILE</pre>
      <p>To look around first, stop this server and load a made-up retailer:</p>
      <pre className={classes.commands}>cmdb demo</pre>
    </Message>
  );
}

function Trials() {
  const { data: trials } = useQuery(trialsQuery);
  if (!trials || trials.length === 0) return null;
  return (
    <section aria-label="Three things to try">
      <ul className={classes.trials}>
        {trials.map((trial) => (
          <li key={trial.id} className={classes.trial}>
            <Link to="/items/$id/impact" params={{ id: trial.id }} className={classes.trialLink}>
              {trial.title}
            </Link>
            <code className={classes.trialName}>{trial.name}</code>
            <p>{trial.why}</p>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The layers in the order in which people ask for them. */
const LAYERS = [
  "business",
  "delivery",
  "platform",
  "compute",
  "network",
  "facility",
  "people",
  "records",
];

function Kinds({
  counts,
  catalogue,
}: {
  counts: ReadonlyMap<string, number>;
  catalogue: Catalogue;
}) {
  const layers = new Map<string, [string, number][]>();
  for (const [kind, count] of counts) {
    if (count === 0) continue;
    const layer = catalogue.kinds.get(kind)?.layer ?? "";
    const known = LAYERS.includes(layer) ? layer : "other";
    layers.set(known, [...(layers.get(known) ?? []), [kind, count]]);
  }
  return (
    <div className={classes.layers}>
      {[...LAYERS, "other"].map((layer) => {
        const kinds = layers.get(layer);
        return kinds ? (
          <section key={layer} className={classes.layer} aria-label={titled(layer)}>
            <Title order={3} className={classes.layerName}>
              {titled(layer)}
            </Title>
            <ul>
              {kinds.sort().map(([kind, count]) => (
                <li key={kind}>
                  <Link to="/items" search={{ kind }}>
                    {pluralKind(kind)}
                  </Link>
                  <span>{count.toLocaleString("en")}</span>
                </li>
              ))}
            </ul>
          </section>
        ) : null;
      })}
    </div>
  );
}
