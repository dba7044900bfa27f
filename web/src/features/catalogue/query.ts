import { queryOptions } from "@tanstack/react-query";
import { execute } from "../../graphql/execute";
import { graphql } from "../../graphql/generated";
import type { CatalogueQuery } from "../../graphql/generated/graphql";

const CatalogueDocument = graphql(`
  query Catalogue {
    kinds {
      name
      layer
      properties {
        name
        description
        type
        unit
      }
    }
    relations {
      name
      phrase
      inverse
      impact
    }
  }
`);

export type KindEntry = CatalogueQuery["kinds"][number];
export type PropertyEntry = KindEntry["properties"][number];
export type RelationEntry = CatalogueQuery["relations"][number];

/** The kinds and relations in force, by name. They change only when the server starts anew. */
export interface Catalogue {
  readonly kinds: ReadonlyMap<string, KindEntry>;
  readonly relations: ReadonlyMap<string, RelationEntry>;
}

export const catalogueQuery = queryOptions({
  queryKey: ["catalogue"],
  queryFn: ({ signal }) => execute(CatalogueDocument, {}, signal),
  staleTime: Number.POSITIVE_INFINITY,
  select: ({ kinds, relations }): Catalogue => ({
    kinds: new Map(kinds.map((kind) => [kind.name, kind])),
    relations: new Map(relations.map((relation) => [relation.name, relation])),
  }),
});
