import type { CodegenConfig } from "@graphql-codegen/cli";

const config: CodegenConfig = {
  schema: "../docs/reference/schema.graphql",
  documents: ["src/**/*.ts", "src/**/*.tsx", "!src/graphql/generated/**", "!src/**/*.d.ts"],
  ignoreNoDocuments: true,
  generates: {
    "src/graphql/generated/": {
      preset: "client",
      presetConfig: { fragmentMasking: false },
      config: {
        documentMode: "string",
        enumsAsTypes: true,
        immutableTypes: true,
        onlyOperationTypes: true,
        useTypeImports: true,
        skipTypename: true,
        scalars: { DateTime: "string", JSON: "unknown", Long: "number", MinUp: "number | string" },
      },
    },
  },
};

export default config;
