import { GraphiQL } from "graphiql";
import { useMemo, useState } from "react";
import { EXAMPLES } from "./examples.ts";
import { fetcherFor } from "./fetcher.ts";
import { documentedSchema } from "./schema.ts";
import { forgetToken, rememberToken, rememberedToken } from "./session.ts";
import { SignIn } from "./SignIn.tsx";

const TABS = EXAMPLES.map(({ query, variables }) => ({ query, variables: variables ?? null, headers: null }));

/** Tabs and history live in the browser's storage and survive a reload; the token lives as long as this tab. */
export function Explorer() {
  const [token, setToken] = useState(rememberedToken);
  const fetcher = useMemo(() => fetcherFor(() => token), [token]);
  const schema = useMemo(documentedSchema, []);

  function bear(found: string | null): void {
    if (found) rememberToken(found);
    else forgetToken();
    setToken(found);
  }

  return (
    <>
      <SignIn token={token} bear={bear} />
      <div className="explorer">
        <GraphiQL fetcher={fetcher} schema={schema} defaultTabs={TABS} defaultEditorToolsVisibility="variables">
          <GraphiQL.Logo>Inspectpay</GraphiQL.Logo>
        </GraphiQL>
      </div>
    </>
  );
}
