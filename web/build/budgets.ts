/** Prints how much script each page loads first, compressed, and fails the build where that is above its budget. */

import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";

const KB = 1_000;

interface Chunk {
  fileName: string;
  code: string;
  imports: string[];
  isEntry: boolean;
  facadeModuleId: string | null;
}

/** `limits`: for each page, in kB of gzip; pages without one are printed and never fail. */
export function budgets(limits: Record<string, number>): Plugin {
  return {
    name: "budgets",
    apply: "build",
    writeBundle(_, bundle) {
      const chunks = Object.values(bundle).filter((output) => output.type === "chunk");
      const byName = new Map<string, Chunk>(chunks.map((chunk) => [chunk.fileName, chunk]));
      for (const entry of chunks.filter((chunk) => chunk.isEntry && chunk.facadeModuleId?.endsWith(".html"))) {
        const page = entry.facadeModuleId?.split("/").at(-1) ?? entry.fileName;
        const size = firstLoad(entry, byName) / KB;
        const limit = limits[page];
        this.info(`${page}: ${size.toFixed(1)} kB of script${limit ? ` of ${limit} kB` : ""}`);
        if (limit !== undefined && size > limit) {
          this.error(`${page} loads ${size.toFixed(1)} kB of script at first; its budget is ${limit} kB.`);
        }
      }
    },
  };
}

/** The compressed size of a chunk and all that it imports at once, in bytes. */
export function firstLoad(entry: Chunk, byName: Map<string, Chunk>): number {
  const seen = new Set<string>();
  const waiting = [entry.fileName];
  let size = 0;
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const chunk = byName.get(name);
    if (seen.has(name) || !chunk) continue;
    seen.add(name);
    size += gzipSync(chunk.code, { level: 9 }).length;
    waiting.push(...chunk.imports);
  }
  return size;
}
