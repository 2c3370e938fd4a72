/** The part of `npm run check` that runs: the pages' documents, held to the schema. */

import { defineConfig } from "vitest/config";

export default defineConfig({ test: { include: ["src/**/*.check.ts"] } });
