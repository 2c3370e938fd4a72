import { useState, type FormEvent } from "react";
import { signIn, tokenOf } from "./session.ts";

interface Props {
  token: string | null;
  bear: (token: string | null) => void;
}

/** Whose token goes with each request: a staff member's, or that of a portal's link. */
export function SignIn({ token, bear }: Props) {
  const [problem, setProblem] = useState("");

  async function enter(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const link = String(given.get("link") ?? "").trim();
    setProblem("");
    if (link) {
      bear(tokenOf(link));
      return;
    }
    const answer = await signIn(String(given.get("email")), String(given.get("password")));
    if (answer.token) bear(answer.token);
    else setProblem(answer.problem);
  }

  if (token) {
    return (
      <header className="bar">
        <strong>Inspectpay API</strong>
        <span>
          {token.includes(".")
            ? "Signed in as staff: every request carries the access token, good for a quarter of an hour."
            : "Every request carries a link's token: you see what the person sees who follows the link."}
        </span>
        <button onClick={() => bear(null)}>Forget it</button>
      </header>
    );
  }
  return (
    <header>
      <form className="bar" onSubmit={(event) => void enter(event)}>
        <strong>Inspectpay API</strong>
        <label>
          Email <input name="email" type="email" autoComplete="username" />
        </label>
        <label>
          Password <input name="password" type="password" autoComplete="current-password" />
        </label>
        <label>
          or a portal's link <input name="link" autoComplete="off" spellCheck={false} />
        </label>
        <button type="submit">Sign in</button>
        <span role="alert">{problem}</span>
      </form>
    </header>
  );
}
