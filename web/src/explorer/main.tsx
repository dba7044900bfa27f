import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import "./explorer.css";
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import { createRoot } from "react-dom/client";

const FIRST_QUERY = `# Ask anything of the graph. Ctrl+Space completes, Ctrl+Enter runs.
{
  search(text: "sw1", first: 5) {
    nodes {
      id
      kind
      name
      status
    }
  }
}
`;

const root = document.getElementById("root");
if (root === null) throw new Error("graphiql.html has no element with the id root.");

createRoot(root).render(
  <GraphiQL
    fetcher={createGraphiQLFetcher({ url: "/graphql" })}
    initialQuery={FIRST_QUERY}
    defaultEditorToolsVisibility="variables"
    shouldPersistHeaders={false}
  >
    <GraphiQL.Logo>
      <a href="/">CMDB</a>
    </GraphiQL.Logo>
  </GraphiQL>,
);
