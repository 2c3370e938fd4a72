/** The token that requests carry here: kept in this tab alone, and gone with it. */

const KEY = "inspectpay.graphiql.token";

/** The token that came in the address, as in a portal's link, or the one this tab had before. */
export function rememberedToken(): string | null {
  const given = location.hash.slice(1);
  if (given) {
    history.replaceState(null, "", location.pathname + location.search);
    rememberToken(given);
  }
  return sessionStorage.getItem(KEY);
}

export function rememberToken(token: string): void {
  sessionStorage.setItem(KEY, token);
}

export function forgetToken(): void {
  sessionStorage.removeItem(KEY);
}

/** The token of a whole link, or what is given if it is the token alone. */
export function tokenOf(link: string): string {
  return link.split("#").at(-1) ?? link;
}

const SIGN_IN = `mutation SignIn($input: SignInInput!) {
  signIn(input: $input) { session { accessToken } userErrors { message } }
}`;

interface SignedIn {
  data?: { signIn: { session: { accessToken: string } | null; userErrors: { message: string }[] } };
  errors?: { message: string }[];
}

export async function signIn(email: string, password: string): Promise<{ token: string | null; problem: string }> {
  const response = await fetch(new URL("graphql", document.baseURI), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ query: SIGN_IN, variables: { input: { email, password } } }),
  });
  const { data, errors } = (await response.json()) as SignedIn;
  const problem = data?.signIn.userErrors[0]?.message ?? errors?.[0]?.message ?? "";
  return { token: data?.signIn.session?.accessToken ?? null, problem };
}
