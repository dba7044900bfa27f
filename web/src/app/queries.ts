import { QueryClient } from "@tanstack/react-query";
import { ServerError } from "../graphql/errors";

/** Answers are fresh for as long as a person reads a page. */
const FRESH_MS = 15_000;
const TRIES = 2;

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: FRESH_MS,
      retry: (failures, error) => error instanceof ServerError && error.passing && failures < TRIES,
    },
  },
});
