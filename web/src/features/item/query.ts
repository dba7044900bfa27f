import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { execute, present } from "../../graphql/execute";
import { graphql } from "../../graphql/generated";
import type { HistoryQuery, ItemQuery } from "../../graphql/generated/graphql";

const ItemDocument = graphql(`
  query Item($key: String!, $links: Int!) {
    item(key: $key) {
      id
      kind
      name
      status
      stale
      identifiers
      formerIdentifiers
      sources
      firstSeen
      lastSeen
      revision
      mergedInto
      provenance {
        property
        winner {
          value
          source
          since
          lastSeen
          stale
          missing
        }
        others {
          value
          source
          since
          lastSeen
          stale
          missing
        }
      }
      links(first: $links) {
        totalCount
        nodes {
          id
          relation
          phrase
          outgoing
          status
          strength
          gate
          confidence
          evidence
          sources
          item {
            id
            kind
            name
            status
          }
        }
      }
    }
  }
`);

const HistoryDocument = graphql(`
  query History($key: String!, $limit: Int!, $before: Int) {
    history(key: $key, limit: $limit, before: $before) {
      revision
      time
      actor
      source
      revisionReason
      entity
      id
      action
      reason
      changes {
        field
        before
        after
      }
    }
  }
`);

export type ItemDetails = NonNullable<ItemQuery["item"]>;
export type PropertyRow = ItemDetails["provenance"][number];
export type LinkRow = ItemDetails["links"]["nodes"][number];
export type HistoryRow = NonNullable<HistoryQuery["history"]>[number];

/** Links shown of one item at most; the page says when there are more. */
const LINKS = 500;
/** Edits fetched at a time. */
export const EDITS = 50;

export function itemQuery(key: string) {
  return queryOptions({
    queryKey: ["item", key],
    queryFn: ({ signal }) => execute(ItemDocument, { key, links: LINKS }, signal),
    select: ({ item }) => item,
  });
}

/** What happened to an item, newest first, a page at a time. */
export function historyQuery(key: string) {
  return infiniteQueryOptions({
    queryKey: ["history", key],
    queryFn: async ({ signal, pageParam }) => {
      const asked = { key, limit: EDITS, before: pageParam };
      return present((await execute(HistoryDocument, asked, signal)).history);
    },
    initialPageParam: null as number | null,
    getNextPageParam: (history) =>
      history.length < EDITS ? null : (history.at(-1)?.revision ?? null),
  });
}
