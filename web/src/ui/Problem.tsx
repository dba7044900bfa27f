import { Button } from "@mantine/core";
import { LoginWanted, ServerError } from "../graphql/errors";
import { Message } from "./Message";

/** What went wrong, in words, and a way to try again where that may help. */
export function Problem({ error, onRetry }: { error: Error; onRetry?: () => void }) {
  const known = error instanceof ServerError;
  const again = onRetry !== undefined && (!known || error.passing);
  return (
    <Message
      title={known ? error.title : "Something went wrong on this page"}
      action={
        error instanceof LoginWanted ? (
          <Button component="a" href={`/login?next=${encodeURIComponent(here())}`}>
            Log in
          </Button>
        ) : again ? (
          <Button onClick={onRetry}>Try again</Button>
        ) : null
      }
    >
      {known ? error.message : `That is a fault of the page, not yours: ${error.message}`}
    </Message>
  );
}

const here = () => window.location.pathname + window.location.search;
