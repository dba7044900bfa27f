import type { ErrorComponentProps } from "@tanstack/react-router";
import { Problem } from "../ui/Problem";

/** Shown in place of a page that could not be loaded; trying again loads the whole app anew. */
export function LoadProblem({ error }: ErrorComponentProps) {
  const known = error instanceof Error ? error : new Error(String(error));
  return <Problem error={known} onRetry={() => window.location.reload()} />;
}
