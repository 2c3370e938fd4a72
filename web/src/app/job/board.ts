/** What the parts of a job's screen share. */

import { createContext } from "svelte";
import type { Api } from "../../shared/api.ts";
import type { Service } from "../parts/charge.ts";
import type { Job } from "./documents.ts";

interface Board {
  api: Api;
  job: Job;
  /** The company's catalogue. */
  services: Service[];
  /** Asks for the job again, after a change made here. */
  renew: () => Promise<void>;
}

export const [board, provideBoard] = createContext<Board>();
