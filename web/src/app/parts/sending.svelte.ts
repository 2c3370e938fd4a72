/** One form or button that changes something: whether it is on its way, and what was refused. */

import type { Answer, UserError } from "../../shared/api.ts";
import { newKey } from "../../shared/keys.ts";

interface Payload {
  userErrors: UserError[];
  notices?: { message: string }[];
}

export class Sending {
  busy = $state(false);
  errors = $state.raw<UserError[]>([]);
  /** What to know of what was done. */
  notices = $state.raw<string[]>([]);
  private key = newKey();

  /**
   * Sends once, and returns what came back unless it was refused.
   *
   * The idempotency key stays the same until the outcome is known, so that an answer that got lost is asked for again.
   */
  async send<Data extends object>(
    ask: (key: string) => Promise<Answer<Data>>,
  ): Promise<Data | null> {
    if (this.busy) return null;
    this.busy = true;
    const { data, fault } = await ask(this.key);
    this.busy = false;
    if (fault) {
      this.errors = [{ code: fault.kind, message: fault.message }];
      return null;
    }
    this.key = newKey();
    const payloads = Object.values(data) as Payload[];
    this.errors = payloads.flatMap((payload) => payload.userErrors);
    this.notices = payloads.flatMap((payload) => payload.notices?.map((notice) => notice.message) ?? []);
    return this.errors.length === 0 ? data : null;
  }

  clear(): void {
    this.errors = [];
  }

  /** What is wrong with one field of the input, or with something within it. */
  at(...path: string[]): string | null {
    return this.errors.find((error) => path.every((name, depth) => error.field?.[depth] === name))?.message ?? null;
  }

  /** What is wrong beside the fields that the form shows by name. */
  beside(...names: string[]): string[] {
    return this.errors.filter((error) => !names.includes(error.field?.[0] ?? "")).map((error) => error.message);
  }
}
