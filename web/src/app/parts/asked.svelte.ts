/** What a screen asked the API: its answer, or why there is none. */

import type { Answer, Fault } from "../../shared/api.ts";

export class Asked<Data> {
  data = $state.raw<Data | null>(null);
  fault = $state<Fault | null>(null);
  busy = $state(false);
  private turn = 0;

  constructor(private readonly ask: () => Promise<Answer<Data>>) {}

  /** Asks again; what is shown stays until there is an answer. Only the latest question's answer counts. */
  load = async (): Promise<void> => {
    const turn = ++this.turn;
    this.busy = true;
    const { data, fault } = await this.ask();
    if (turn !== this.turn) return;
    this.busy = false;
    this.fault = fault;
    if (data || fault?.kind === "ended") this.data = data;
  };
}
