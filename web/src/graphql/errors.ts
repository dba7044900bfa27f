/** What can go wrong between the page and the server, in words for people. */
export abstract class ServerError extends Error {
  /** A short heading. */
  abstract readonly title: string;
  /** Whether the same question may be answered when asked again. */
  readonly passing: boolean = false;
}

/** Nobody answers. */
export class Unreachable extends ServerError {
  override readonly title = "The server can't be reached";
  override readonly passing = true;
  constructor() {
    super("It may have been stopped, or the network may be down. Nothing was changed.");
  }
}

/** The server wants to know who asks: nobody logged in, or that was too long ago. */
export class LoginWanted extends ServerError {
  override readonly title = "Please log in";
  constructor() {
    super("This server answers only those who have its token, and a login lasts twelve hours.");
  }
}

/** The server answered with something that is no answer. */
export class BadAnswer extends ServerError {
  override readonly title = "The server had a problem";
  override readonly passing = true;
  constructor(status: number) {
    super(`It answered with status ${status}. Its log says more.`);
  }
}

/** The server says why it does not answer. */
export class Refused extends ServerError {
  override readonly title = "That could not be answered";
  /** The stable code of the error, such as `unknown_item`. */
  readonly code: string;
  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}
