/** How GraphiQL reaches the API: queries and mutations over HTTP, subscriptions over a websocket. */

import type { Fetcher } from "@graphiql/toolkit";
import { getOperationAST, parse } from "graphql";
import { createClient, type Client } from "graphql-ws";

type Result = AsyncIterableIterator<never> & { return: () => Promise<IteratorResult<never>> };

/** Headers typed into the tab come last, so that they win over the token. */
export function fetcherFor(token: () => string | null): Fetcher {
  const url = new URL("graphql", document.baseURI);
  const own = (): Record<string, string> => (token() ? { Authorization: `Bearer ${token()}` } : {});
  return async (request, options) => {
    const headers = { ...own(), ...(options?.headers as Record<string, string> | undefined) };
    const operation = getOperationAST(parse(request.query), request.operationName);
    if (operation?.operation === "subscription") return socketTo(url, headers).iterate(request) as unknown as Result;
    const response = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/graphql-response+json", ...headers },
      body: JSON.stringify(request),
      credentials: "omit",
    });
    return (await response.json()) as never;
  };
}

function socketTo(url: URL, connectionParams: Record<string, string>): Client {
  const address = new URL(url);
  address.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return createClient({ url: address.href, connectionParams, retryAttempts: 3 });
}
