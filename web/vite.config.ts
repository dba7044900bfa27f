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
    // The layout engine is one file of 1.6 MB that runs in a worker and is fetched when needed.
    chunkSizeWarningLimit: 1700,
  },
  server: {
    proxy: { "/graphql": { target: server, ws: true } },
  },
});
