import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from "@mantine/core";

const lake: MantineColorsTuple = [
  "#eef7fa",
  "#dcecf2",
  "#b6d8e4",
  "#8cc3d6",
  "#69b0c9",
  "#4fa2bf",
  "#3a93b2",
  "#24799a",
  "#17607a",
  "#0d4c62",
];

/** Greys of the dark scheme, in the hue of the palette in app.css. */
const dark: MantineColorsTuple = [
  "#e6ebf0",
  "#c4ced7",
  "#a3b1be",
  "#7f8e9c",
  "#4a5763",
  "#36424d",
  "#222c34",
  "#1a2229",
  "#151c22",
  "#12181d",
];

export const theme = createTheme({
  primaryColor: "lake",
  // The eighth shade is the lightest that white text can be read on.
  primaryShade: { light: 8, dark: 8 },
  colors: { lake, dark },
  defaultRadius: "sm",
  fontFamily:
    'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace',
  headings: { fontWeight: "650" },
});

/** Mantine's own surfaces and texts follow the palette in app.css. */
export const variables: CSSVariablesResolver = () => {
  const both = {
    "--mantine-color-body": "var(--surface)",
    "--mantine-color-text": "var(--text)",
    "--mantine-color-dimmed": "var(--quiet)",
    "--mantine-color-placeholder": "var(--quiet)",
    "--mantine-color-anchor": "var(--accent)",
    "--mantine-color-default-border": "var(--line)",
    "--table-border-color": "var(--line)",
  };
  return { variables: {}, light: both, dark: both };
};
