/** The demo as a process of its own, and what a test asks it beside the pages. */

import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "../..");
const READY_MS_MAX = 180_000;
const MAIL_MS_MAX = 30_000;

export class Sandbox {
  private readonly process: ChildProcess;
  private readonly directory: string;
  private readonly port: number;
  /** What it said when it was ready. */
  readonly welcome: string;

  private constructor(process: ChildProcess, directory: string, port: number, welcome: string) {
    this.process = process;
    this.directory = directory;
    this.port = port;
    this.welcome = welcome;
  }

  get api(): string {
    return `http://localhost:${this.port}`;
  }

  get mailbox(): string {
    return `http://localhost:${this.port + 1}`;
  }

  /** The hosts that pages may ask: our own, and Stripe's, which a payer is led to. */
  get hosts(): string[] {
    return [new URL(this.api).host, `127.0.0.1:${this.port + 2}`, `localhost:${this.port + 2}`];
  }

  static async start(): Promise<Sandbox> {
    const port = await freePorts();
    const directory = mkdtempSync(join(tmpdir(), "inspectpay-web-"));
    const python = join(ROOT, ".venv/bin/python");
    const process = spawn(python, ["-m", "sandbox", "demo", "--port", `${port}`, "--data-dir", directory], { cwd: ROOT });
    const welcome = await said(process, "Ctrl-C stops everything");
    return new Sandbox(process, directory, port, welcome);
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    this.process.kill("SIGTERM");
    await ended;
    rmSync(this.directory, { recursive: true, force: true });
  }

  async ask<Data>(query: string, variables: object, token?: string): Promise<Data> {
    const headers = { "Content-Type": "application/json", ...(token ? { Authorization: `Bearer ${token}` } : {}) };
    const response = await fetch(`${this.api}/graphql`, {
      method: "POST",
      headers,
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = (await response.json()) as { data: Data; errors?: object[] };
    assert.equal(errors, undefined, JSON.stringify(errors));
    return data;
  }

  async signIn(): Promise<string> {
    const { signIn } = await this.ask<{ signIn: { session: { accessToken: string } } }>(
      'mutation { signIn(input: {email: "owner@example.com", password: "inspect-and-pay"}) { session { accessToken } } }',
      {},
    );
    return signIn.session.accessToken;
  }

  /** The link of the newest mail to somebody. */
  async linkMailedTo(address: string): Promise<string> {
    for (const until = Date.now() + MAIL_MS_MAX; Date.now() < until; await pause(200)) {
      const response = await fetch(`${this.mailbox}/api/messages?recipient=${encodeURIComponent(address)}`);
      const [newest] = (await response.json()) as { text: string }[];
      const link = newest?.text.match(/https?:\/\/\S+#\S+/)?.[0];
      if (link) return link;
    }
    throw new Error(`No mail with a link came for ${address}.`);
  }
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function said(process: ChildProcess, words: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const hear = (chunk: Buffer): void => {
      text += chunk.toString();
      if (text.includes(words)) resolve(text);
    };
    process.stdout?.on("data", hear);
    process.stderr?.on("data", hear);
    process.once("exit", (code) => reject(new Error(`The demo ended with ${code}:\n${text}`)));
    setTimeout(() => reject(new Error(`The demo was not ready in time:\n${text}`)), READY_MS_MAX).unref();
  });
}

/** The first of four ports in a row that nobody listens on. */
async function freePorts(): Promise<number> {
  for (let port = 20_000 + (process.pid % 20_000); ; port += 4) {
    const free = await Promise.all([0, 1, 2, 3].map((each) => isFree(port + each)));
    if (free.every(Boolean)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, () => server.close(() => resolve(true)));
  });
}
