// Writes the types of every GraphQL document of the app to src/graphql/generated, from the schema
// that is committed in docs/reference. Fails, naming the file, where a document does not fit it.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { preset } from "@graphql-codegen/client-preset";
import { codegen } from "@graphql-codegen/core";
import { buildSchema, parse, Source } from "graphql";

const web = join(dirname(fileURLToPath(import.meta.url)), "..");
const target = join(web, "src/graphql/generated/");
const DOCUMENT = /\bgraphql\(`([^`]*)`\)/g;

/** Every graphql(`…`) of the sources, as the preset wants it. */
function documents() {
  const names = readdirSync(join(web, "src"), { recursive: true, encoding: "utf8" });
  return names
    .filter((name) => /\.tsx?$/.test(name) && !name.includes("generated"))
    .sort()
    .flatMap((name) => {
      const location = join(web, "src", name);
      const found = readFileSync(location, "utf8").matchAll(DOCUMENT);
      return [...found].map(([, rawSDL]) => ({
        location,
        rawSDL,
        document: parse(new Source(rawSDL, location)),
      }));
    });
}

const sdl = readFileSync(join(web, "../docs/reference/schema.graphql"), "utf8");
const sections = await preset.buildGeneratesSection({
  baseOutputDir: target,
  schema: parse(sdl),
  schemaAst: buildSchema(sdl),
  documents: documents(),
  plugins: [],
  pluginMap: {},
  presetConfig: { fragmentMasking: false },
  config: {
    documentMode: "string",
    enumsAsTypes: true,
    immutableTypes: true,
    onlyOperationTypes: true,
    skipTypename: true,
    useTypeImports: true,
    scalars: { DateTime: "string", JSON: "unknown", Long: "number", MinUp: "number | string" },
  },
  documentTransforms: [],
});

rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });
for (const section of sections) writeFileSync(section.filename, await codegen(section));
