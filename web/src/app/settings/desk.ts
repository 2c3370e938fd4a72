/** What the parts of the settings share. */

import { createContext } from "svelte";
import type { Api } from "../../shared/api.ts";
import type { Company, Settings, You } from "./documents.ts";

interface Desk {
  api: Api;
  company: Company;
  you: You;
  automations: Settings["automations"];
  services: Settings["services"];
  isOwner: boolean;
  /** Asks for all of it again, and for who is signed in, after a change. */
  renew: () => Promise<void>;
}

export const [desk, provideDesk] = createContext<Desk>();
