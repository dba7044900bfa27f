import { BadAnswer, LoginWanted, Refused, Unreachable } from "./errors";
import type { TypedDocumentString } from "./generated/graphql";

interface Answer<Result> {
  readonly data?: Result | null;
  readonly errors?: readonly { message: string; extensions?: { code?: string } }[];
  /** The server refused the request before it read the document. */
  readonly error?: { readonly code: string; readonly message: string };
}

/**
 * The answer of the server to a typed document.
 *
 * Rejects with one of the errors of `errors.ts`; a partial answer counts as an error.
 */
export async function execute<Result, Variables>(
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
  signal?: AbortSignal,
): Promise<Result> {
  const response = await send(JSON.stringify({ query: document.toString(), variables }), signal);
  if (response.status === 401) throw new LoginWanted();
  const answer = await read<Result>(response);
  if (answer.error !== undefined) throw new Refused(answer.error.message, answer.error.code);
  const [error] = answer.errors ?? [];
  if (error !== undefined) throw new Refused(error.message, error.extensions?.code ?? "");
  if (answer.data == null) throw new BadAnswer(response.status);
  return answer.data;
}

/** What was asked for; the server leaves a root out only where it also says why. */
export function present<Value>(value: Value | null | undefined): Value {
  if (value == null) throw new BadAnswer(200);
  return value;
}

async function send(body: string, signal?: AbortSignal): Promise<Response> {
  const headers = { accept: "application/json", "content-type": "application/json" };
  try {
    return await fetch("/graphql", { method: "POST", headers, body, signal: signal ?? null });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Unreachable();
  }
}

async function read<Result>(response: Response): Promise<Answer<Result>> {
  try {
    return (await response.json()) as Answer<Result>;
  } catch {
    throw new BadAnswer(response.status);
  }
}
