import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { execute, present } from "../../../graphql/execute";
import { graphql } from "../../../graphql/generated";
import type { FailureState } from "../../../graphql/generated/graphql";

const PictureDocument = graphql(`
  query Picture($items: [String!]!, $state: FailureState!, $open: [String!]!) {
    impact(items: $items, state: $state, limit: 0) {
      picture(open: $open) {
        boxes {
          id
          label
          kind
          state
          count
          members(first: 100) {
            id
            name
          }
          cause
        }
        edges {
          from
          to
          relation
          count
        }
      }
    }
  }
`);

/** The picture of a blast radius; the boxes named by `open` are split into what is in them. */
export function pictureQuery(id: string, state: FailureState, open: readonly string[]) {
  return queryOptions({
    queryKey: ["picture", id, state, open],
    queryFn: ({ signal }) => execute(PictureDocument, { items: [id], state, open }, signal),
    select: ({ impact }) => present(impact).picture,
    placeholderData: keepPreviousData,
  });
}
