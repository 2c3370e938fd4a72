/**
 * The session of whoever signed in: an access token for requests, and a refresh token for the next one.
 *
 * Both live in memory; the refresh token is also in `sessionStorage`, which ends with the tab. Tabs share one session: a
 * refresh token may be used once, so whoever used it tells the others what came instead. Why, and what it costs:
 * docs/decisions/0026-the-staffs-session.md.
 */

import { Api, type Answer } from "../../shared/api.ts";
import type { ResultOf } from "../../shared/graphql.ts";
import { RefreshSession, SignIn, SignOut, type Tokens } from "./documents.ts";

const STORED = "inspectpay.staff";
const AGE_MS_MAX = 10 * 60_000; // An access token is good for 15 minutes.
const PEERS_MS_MAX = 250;

/** What tabs tell each other. */
type Word = { says: "ask" } | { says: "out" } | { says: "tokens"; tokens: Held; insteadOf: string | null };

interface Held extends Tokens {
  since: number;
}

export class Session {
  /** Null until it is known whether somebody is signed in. */
  signedIn = $state<boolean | null>(null);
  /** The API, as whoever is signed in. */
  readonly api: Api;

  /** The API, for what is asked without a token. */
  readonly plain = new Api(() => null);
  private readonly peers = new BroadcastChannel("inspectpay.staff");
  private held: Held | null = null;
  private renewing: Promise<void> | null = null;

  constructor() {
    this.api = new Api(() => this.held?.accessToken ?? null, {
      before: () => this.renew(AGE_MS_MAX),
      unknown: () => void this.renew(0),
    });
    this.peers.onmessage = ({ data }: MessageEvent<Word>) => this.hear(data);
    void this.begin();
  }

  signIn(input: { email: string; password: string; code: string | null }): Promise<Answer<ResultOf<typeof SignIn>>> {
    return this.plain.mutate(SignIn, { input });
  }

  /** Goes on as who signed in. */
  enter(tokens: Tokens): void {
    this.keep({ ...tokens, since: Date.now() }, null);
  }

  async signOut(): Promise<void> {
    await this.api.mutate(SignOut, { input: {} });
    this.tell({ says: "out" });
    this.forget();
  }

  /** Other tabs may hold a session; else this one may have held one before it was loaded again. */
  private async begin(): Promise<void> {
    this.tell({ says: "ask" });
    await new Promise((resolve) => setTimeout(resolve, PEERS_MS_MAX));
    if (this.held) return;
    const refreshToken = stored();
    if (refreshToken) {
      this.held = { accessToken: "", refreshToken, since: 0 };
      await this.renew(0);
    }
    this.signedIn = (this.held as Held | null) !== null;
  }

  /** Brings another access token where this one is as old as that; whoever asks meanwhile waits for the same. */
  private async renew(age: number): Promise<void> {
    if (!this.held || Date.now() - this.held.since < age) return;
    this.renewing ??= this.refresh().finally(() => (this.renewing = null));
    await this.renewing;
  }

  private async refresh(): Promise<void> {
    const used = this.held?.refreshToken;
    if (!used) return;
    await alone(async () => {
      if (this.held?.refreshToken !== used) return; // Another tab was faster, and told us.
      const { data, fault } = await this.plain.mutate(RefreshSession, { input: { refreshToken: used } });
      if (data?.refreshSession.session) this.keep({ ...data.refreshSession.session, since: Date.now() }, used);
      else if (data || fault?.kind === "ended") this.forget();
    });
  }

  private keep(tokens: Held, insteadOf: string | null): void {
    this.held = tokens;
    this.signedIn = true;
    store(tokens.refreshToken);
    this.tell({ says: "tokens", tokens, insteadOf });
  }

  private forget(): void {
    this.held = null;
    this.signedIn = false;
    store(null);
  }

  private tell(word: Word): void {
    this.peers.postMessage(word);
  }

  private hear(word: Word): void {
    if (word.says === "ask" && this.held?.accessToken) this.tell({ says: "tokens", tokens: this.held, insteadOf: null });
    if (word.says === "out" && this.held) this.forget();
    if (word.says !== "tokens") return;
    if (this.held && this.held.refreshToken !== word.insteadOf) return;
    this.held = word.tokens;
    this.signedIn = true;
    store(word.tokens.refreshToken);
  }
}

/** One tab at a time; where the browser can't say so, as on insecure pages, the API's grace of some seconds has to do. */
async function alone(act: () => Promise<void>): Promise<void> {
  if (navigator.locks) await navigator.locks.request("inspectpay.staff", act);
  else await act();
}

function stored(): string | null {
  try {
    return sessionStorage.getItem(STORED);
  } catch {
    return null; // Storage is turned off: a reload signs out.
  }
}

function store(refreshToken: string | null): void {
  try {
    if (refreshToken) sessionStorage.setItem(STORED, refreshToken);
    else sessionStorage.removeItem(STORED);
  } catch {
    // As above.
  }
}
