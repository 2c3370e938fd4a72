/** Writes a Brotli and a gzip copy beside each file, so that the server never compresses what does not change. */

import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { Plugin } from "vite";

const WORTH_IT = /\.(css|html|js|svg)$/;
const BYTES_MIN = 600;
const BROTLI_BYTES_MAX = 300_000; // GraphiQL's editor is for developers, and would take half a minute.

export function compressed(): Plugin {
  let directory = "dist";
  return {
    name: "compressed",
    apply: "build",
    configResolved(config) {
      directory = config.build.outDir;
    },
    closeBundle() {
      for (const name of readdirSync(directory, { recursive: true, encoding: "utf8" })) {
        if (WORTH_IT.test(name)) compress(join(directory, name));
      }
    },
  };
}

function compress(path: string): void {
  const content = readFileSync(path);
  if (content.length < BYTES_MIN) return;
  writeFileSync(`${path}.gz`, gzipSync(content));
  if (content.length > BROTLI_BYTES_MAX) return;
  writeFileSync(`${path}.br`, brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 10 } }));
}
