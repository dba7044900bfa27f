import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const server = process.env.CMDB_URL ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [react()],
  worker: { format: "es" },
  build: {
    outDir: "../cmdb/web_static",
    emptyOutDir: true,
    manifest: true,
    target: "es2022",
    rolldownOptions: {
      input: ["index.html", "graphiql.html"],
      onLog(level, log, report) {
        // GraphiQL's sources talk to a compiler that is not in use here.
        if (log.code !== "MODULE_LEVEL_DIRECTIVE") report(level, log);
      },
    },
    // GraphiQL's editor. What the web app itself loads is held to budget.json by a test.
    chunkSizeWarningLimit: 3000,
  },
  server: {
    proxy: { "/graphql": { target: server, ws: true } },
  },
});
