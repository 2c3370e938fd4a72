/** What every screen can reach without being handed it. */

import { createContext } from "svelte";
import type { Api } from "../shared/api.ts";
import type { Viewer } from "./session/documents.ts";

interface Here {
  api: Api;
  viewer: Viewer;
  /** Asks anew who the viewer is, after a change of the company or of themselves. */
  renew: () => Promise<void>;
}

export const [here, provideHere] = createContext<Here>();
