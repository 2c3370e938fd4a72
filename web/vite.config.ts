/** How the pages are built: one entry for each, hashed names, compressed copies, and a budget that fails the build. */

import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";
import { budgets } from "./build/budgets.ts";
import { compressed } from "./build/compressed.ts";

const API = process.env["INSPECTPAY_API"] ?? "http://localhost:8000";

export default defineConfig({
  base: "./", // The pages work behind a path prefix too.
  plugins: [svelte(), budgets({ "pay.html": 45, "portal.html": 60, "app.html": 75 }), compressed()],
  worker: { format: "es" },
  server: { proxy: { "/graphql": { target: API, ws: true, changeOrigin: true }, "/documents": API } },
  build: {
    target: "es2022",
    outDir: "dist",
    assetsInlineLimit: 0, // The policy allows no data: addresses in scripts and styles.
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 8_000, // Budgets say what is too much.
    reportCompressedSize: false,
    rollupOptions: { input: ["pay.html", "portal.html", "app.html", "graphiql.html"] },
  },
  test: { include: ["src/**/*.test.ts", "build/**/*.test.ts"] },
} as Parameters<typeof defineConfig>[0]);
