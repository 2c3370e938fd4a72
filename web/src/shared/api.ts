/** The API as pages call it: queries and mutations over HTTP, subscriptions over one websocket, faults as sentences. */

import { Client, fetchExchange, subscriptionExchange, type CombinedError, type TypedDocumentNode } from "@urql/core";
import { createClient as createSocket, type Client as Socket } from "graphql-ws";

export type Variables = Record<string, unknown>;

/** Why there is no answer. `ended` is the token's end; `message` is for people. */
export interface Fault {
  kind: "ended" | "offline" | "busy" | "broken";
  message: string;
  /** The API's word for it, where it was the API that refused. */
  code?: string;
}

export type Answer<Data> = { data: Data; fault: null } | { data: null; fault: Fault };

/** One refusal of a mutation, as its payload's `userErrors` say it. */
export interface UserError {
  code: string;
  message: string;
  /** Where in the input it is: names, and indexes in lists; missing where it wasn't asked for. */
  field?: string[] | null;
}

/** What a page wants to do around requests whose token does not last as long as the page. */
export interface Renewal {
  /** Before each request: brings a token that is good for it. */
  before: () => Promise<void>;
  /** After the API did not know the token. */
  unknown: () => void;
}

export class Api {
  private readonly client: Client;
  private readonly socket: Socket;
  private readonly reconnected = new Set<() => void>();

  /** `token` is asked for before each request; null sends none. */
  constructor(
    token: () => string | null,
    private readonly renewal: Renewal | null = null,
  ) {
    const url = new URL("graphql", document.baseURI);
    const headers = (): Record<string, string> => {
      const bearer = token();
      return bearer ? { Authorization: `Bearer ${bearer}` } : {};
    };
    const lasting = async (): Promise<Record<string, string>> => {
      await renewal?.before();
      return headers();
    };
    this.socket = socketTo(url, lasting, () => this.reconnected.forEach((tell) => tell()));
    this.client = new Client({
      url: url.href,
      preferGetMethod: false,
      fetchOptions: () => ({ headers: headers(), cache: "no-store", credentials: "omit" }),
      exchanges: [
        fetchExchange,
        subscriptionExchange({
          forwardSubscription: (request) => ({
            subscribe: (sink) => ({
              unsubscribe: this.socket.subscribe({ query: request.query ?? "", variables: request.variables }, sink),
            }),
          }),
        }),
      ],
    });
  }

  async query<Data, Vars extends Variables>(
    document: TypedDocumentNode<Data, Vars>,
    variables: Vars,
  ): Promise<Answer<Data>> {
    await this.renewal?.before();
    return this.heard(answerOf(await this.client.query<Data, Variables>(document as never, variables).toPromise()));
  }

  async mutate<Data, Vars extends Variables>(
    document: TypedDocumentNode<Data, Vars>,
    variables: Vars,
  ): Promise<Answer<Data>> {
    await this.renewal?.before();
    return this.heard(answerOf(await this.client.mutation<Data, Variables>(document as never, variables).toPromise()));
  }

  private heard<Data>(answer: Answer<Data>): Answer<Data> {
    if (answer.fault?.code === "UNAUTHENTICATED") this.renewal?.unknown();
    return answer;
  }

  /**
   * Calls `tell` with each change, and `missed` when something may have passed unheard; returns how to stop.
   *
   * The API ends a subscription together with its token: it is begun again, with the token there is by then, unless whoever
   * watches was told by the question asked anew that there is none, and stopped.
   */
  watch<Data, Vars extends Variables>(
    document: TypedDocumentNode<Data, Vars>,
    variables: Vars,
    { tell, missed }: { tell: (data: Data) => void; missed: () => void },
  ): () => void {
    this.reconnected.add(missed);
    let stop = (): void => {};
    const begin = (): void => {
      const watched = this.client.subscription<Data, Variables>(document as never, variables).subscribe((result) => {
        if (result.data) tell(result.data);
        else if (result.error) again();
      });
      stop = watched.unsubscribe;
    };
    const again = (): void => {
      const timer = setTimeout(begin, AGAIN_MS);
      stop = () => clearTimeout(timer);
      missed(); // The question asked anew is answered why.
    };
    begin();
    return () => {
      this.reconnected.delete(missed);
      stop();
    };
  }
}

const AGAIN_MS = 3_000;
const RETRY_SECONDS_MAX = 30;
const FORBIDDEN = 4403; // The token has ended.

function socketTo(url: URL, connectionParams: () => Promise<Record<string, string>>, reconnected: () => void): Socket {
  const address = new URL(url);
  address.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  let before = false;
  return createSocket({
    url: address.href,
    connectionParams,
    retryAttempts: Infinity,
    shouldRetry: (ended) => !(ended instanceof CloseEvent && ended.code === FORBIDDEN),
    retryWait: (attempt) => wait(Math.min(2 ** attempt, RETRY_SECONDS_MAX) * (0.5 + Math.random() / 2)),
    on: {
      connected: () => {
        if (before) reconnected();
        before = true;
      },
    },
  });
}

function wait(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
}

function answerOf<Data>(result: { data?: Data | undefined; error?: CombinedError | undefined }): Answer<Data> {
  if (result.error) return { data: null, fault: faultOf(result.error) };
  if (result.data === undefined) return { data: null, fault: BROKEN };
  return { data: result.data, fault: null };
}

const BROKEN: Fault = { kind: "broken", message: "Something went wrong on our side. Please try again in a moment." };
const OFFLINE: Fault = {
  kind: "offline",
  message: "We can't be reached at the moment. Check your connection, and try again.",
};

function faultOf(error: CombinedError): Fault {
  if (error.networkError && error.graphQLErrors.length === 0) return OFFLINE;
  const first = error.graphQLErrors[0];
  switch (first?.extensions["code"]) {
    case "UNAUTHENTICATED":
    case "FORBIDDEN":
    case "NOT_FOUND":
      return { kind: "ended", message: first.message, code: `${first.extensions["code"]}` };
    case "BUSY":
    case "RATE_LIMITED":
      return { kind: "busy", message: first.message };
    default:
      return BROKEN;
  }
}
