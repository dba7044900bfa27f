import { LoginWanted, Unreachable } from "../graphql/errors";

/**
 * A part of the app that is fetched when it is first needed. Where that fails, it says why in terms
 * of the server: nobody answers, or it wants a login.
 */
export function loaded<Part>(load: () => Promise<Part>): () => Promise<Part> {
  return async () => {
    try {
      return await load();
    } catch (error) {
      throw await reason(error);
    }
  };
}

async function reason(error: unknown): Promise<unknown> {
  try {
    const response = await fetch("/readyz", { cache: "no-store" });
    return response.status === 401 ? new LoginWanted() : error;
  } catch {
    return new Unreachable();
  }
}
