import { queryOptions } from "@tanstack/react-query";
import { execute, present } from "../../graphql/execute";
import { graphql } from "../../graphql/generated";
import type { FailureState, ImpactQuery } from "../../graphql/generated/graphql";

const ImpactDocument = graphql(`
  query Impact($items: [String!]!, $state: FailureState!, $limit: Int!) {
    impact(items: $items, state: $state, limit: $limit) {
      revision
      asOf
      sentence
      failed
      truncated
      totals {
        affected
      }
      counts {
        down
        degraded
        atRisk
      }
      affected {
        id
        kind
        name
        state
        distance
        path
        because {
          link
          relation
          from
          gate
          devices
        }
      }
      services {
        id
        kind
        name
        state
        criticality
      }
      owners {
        id
        kind
        name
        state
        owns
        supports
        contact
      }
      gatesHeld {
        id
        kind
        name
        gate
        up
        needed
        total
        margin
        failed
      }
      weakEvidence {
        id
        type
        reasons
        lastSeen
        sentence
      }
    }
  }
`);

export type Impact = NonNullable<ImpactQuery["impact"]>;
export type AffectedRow = Impact["affected"][number];

/** Rows of each list at most; the page says when there are more. */
export const ROWS = 1000;

export function impactQuery(id: string, state: FailureState) {
  return queryOptions({
    queryKey: ["impact", id, state],
    queryFn: ({ signal }) => execute(ImpactDocument, { items: [id], state, limit: ROWS }, signal),
    select: ({ impact }) => present(impact),
  });
}
