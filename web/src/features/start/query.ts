import { queryOptions } from "@tanstack/react-query";
import { execute, present } from "../../graphql/execute";
import { graphql } from "../../graphql/generated";

const StartDocument = graphql(`
  query Start {
    info {
      version
      revision
      revisionTime
      items
      links
      waiting
    }
  }
`);

/** What the store holds. */
export const startQuery = queryOptions({
  queryKey: ["start"],
  queryFn: ({ signal }) => execute(StartDocument, {}, signal),
  select: ({ info }) => {
    const found = present(info);
    return { ...found, items: countsOf(found.items), links: countsOf(found.links) };
  },
});

/** Counts by name, as far as a value is one. */
function countsOf(value: unknown): ReadonlyMap<string, number> {
  const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
  return new Map(
    entries.filter((entry): entry is [string, number] => typeof entry[1] === "number"),
  );
}

const TryDocument = graphql(`
  query Try($switch: String!, $hypervisor: String!, $database: String!) {
    switch: search(text: $switch, first: 1) {
      nodes {
        id
        name
      }
    }
    hypervisor: search(text: $hypervisor, first: 1) {
      nodes {
        id
        name
      }
    }
    database: search(text: $database, first: 1) {
      nodes {
        id
        name
      }
    }
  }
`);

/** One thing to try with the demo estate. */
export interface Trial {
  readonly title: string;
  readonly why: string;
  readonly name: string;
  readonly id: string;
}

const TRIALS = {
  switch: {
    name: "dc1-r03-acc-sw1",
    title: "A switch whose loss hurts",
    why: "One access switch with one uplink, and behind it a database without a standby.",
  },
  hypervisor: {
    name: "dc1-hv03",
    title: "A redundancy that is none",
    why: "Two machines serve search and one would do, but both run on this hypervisor.",
  },
  database: {
    name: "orders-db-1",
    title: "A database with a standby",
    why: "The other data centre takes over: orders and checkout stay up, at risk.",
  },
} as const;

/** Three things to try, as far as their items are here: all of them in the demo estate. */
export const trialsQuery = queryOptions({
  queryKey: ["trials"],
  queryFn: ({ signal }) =>
    execute(
      TryDocument,
      {
        switch: TRIALS.switch.name,
        hypervisor: TRIALS.hypervisor.name,
        database: TRIALS.database.name,
      },
      signal,
    ),
  staleTime: Number.POSITIVE_INFINITY,
  select: (found): Trial[] =>
    (["switch", "hypervisor", "database"] as const).flatMap((key) => {
      const [item] = found[key]?.nodes ?? [];
      return item?.name === TRIALS[key].name ? [{ ...TRIALS[key], id: item.id }] : [];
    }),
});
