import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { execute, present } from "../../graphql/execute";
import { graphql } from "../../graphql/generated";
import type { FoundItemFragment, KindName } from "../../graphql/generated/graphql";

graphql(`
  fragment FoundItem on Item {
    id
    kind
    name
    status
    stale
    lastSeen
  }
`);

const SearchDocument = graphql(`
  query Search($text: String!, $kinds: [KindName!], $first: Int!, $after: String) {
    search(text: $text, kinds: $kinds, first: $first, after: $after) {
      totalCount
      pageInfo {
        endCursor
        hasNextPage
      }
      nodes {
        ...FoundItem
      }
    }
  }
`);

const ListDocument = graphql(`
  query List($kinds: [KindName!], $first: Int!, $after: String) {
    items(kinds: $kinds, first: $first, after: $after) {
      totalCount
      pageInfo {
        endCursor
        hasNextPage
      }
      nodes {
        ...FoundItem
      }
    }
  }
`);

/** The first items that a text finds, the best first. */
export function searchQuery(text: string, first: number) {
  return queryOptions({
    queryKey: ["search", text, first],
    queryFn: ({ signal }) => execute(SearchDocument, { text, first }, signal),
    enabled: text !== "",
    select: ({ search }) => present(search),
  });
}

const PAGE = 50;

interface FoundPage {
  readonly totalCount: number;
  readonly pageInfo: { readonly endCursor?: string | null; readonly hasNextPage: boolean };
  readonly nodes: readonly FoundItemFragment[];
}

/** Items that a text finds, or all of them, of one kind or of any; a page at a time. */
export function findQuery(text: string | undefined, kind: string | undefined) {
  return infiniteQueryOptions({
    queryKey: ["find", text, kind],
    queryFn: async ({ signal, pageParam }): Promise<FoundPage> => {
      // A kind comes from the address; the server says so where there is none of that name.
      const kinds = kind === undefined ? null : [kind as KindName];
      const page = { kinds, first: PAGE, after: pageParam };
      if (text === undefined) return present((await execute(ListDocument, page, signal)).items);
      return present((await execute(SearchDocument, { ...page, text }, signal)).search);
    },
    initialPageParam: null as string | null,
    getNextPageParam: ({ pageInfo }) =>
      pageInfo.hasNextPage ? (pageInfo.endCursor ?? null) : null,
  });
}
