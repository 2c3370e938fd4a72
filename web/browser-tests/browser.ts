/** Chromium, and what every test holds a page to: no other host, no broken policy, no fault, nothing that axe finds. */

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import packaged from "@sparticuz/chromium";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";

const MACHINES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"];
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** The machine's Chromium, or the one that ships inside a package. */
export async function launch(): Promise<Browser> {
  const machines = MACHINES.find((path) => existsSync(path));
  return chromium.launch({ executablePath: machines ?? (await packaged.executablePath()), args: QUIET });
}

/** Stripe's page of a declined card is answered with 402, which browsers call an error. */
function isStripes(url: string): boolean {
  return new URL(url || "about:blank").pathname.startsWith("/c/pay/");
}

interface Axe {
  run: (of: Document, how: object) => Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>;
}

/** A page of a context of its own, as one person has it, and what it did wrong so far. */
export class Visitor {
  readonly page: Page;
  readonly asked: string[] = [];
  private readonly wrong: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on("request", (request) => this.asked.push(request.url()));
    page.on("pageerror", (error) => this.wrong.push(error.message));
    page.on("console", (message) => {
      if (message.type() !== "error" || isStripes(message.location().url)) return;
      this.wrong.push(message.text());
    });
  }

  static async of(browser: Browser, options: BrowserContextOptions = {}): Promise<Visitor> {
    const context = await browser.newContext({ viewport: { width: 390, height: 780 }, ...options });
    return new Visitor(await context.newPage());
  }

  /** Fails where the page asked another host, told a server the secret, or had a fault. */
  isClean(secret: string, ...hosts: string[]): void {
    assert.deepEqual(this.wrong, []);
    for (const url of this.asked.filter((each) => !each.startsWith("data:"))) {
      assert.ok(hosts.includes(new URL(url).host), `asked another host: ${url}`);
      assert.ok(!url.split("#")[0]?.includes(secret), `told a server its token: ${url}`);
    }
  }

  /** Fails where axe finds anything against WCAG 2.2 AA, in light and in dark, or where the page scrolls sideways. */
  async isAccessible(state: string): Promise<void> {
    for (const colorScheme of ["light", "dark"] as const) {
      await this.page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await this.settled();
      await this.page.evaluate(AXE); // As the browser's own tools do, which no policy of the page forbids.
      const found = await this.page.evaluate(async (rules) => {
        const { axe } = window as unknown as { axe: Axe };
        const { violations } = await axe.run(document, { runOnly: { type: "tag", values: rules } });
        return violations.map((each) => `${each.id}: ${each.nodes.map((node) => node.html).join(" ")}`);
      }, RULES);
      assert.deepEqual(found, [], `${state}, ${colorScheme}`);
    }
    const beyond = await this.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(beyond <= 0, `${state}: ${beyond} px wider than the window`);
  }

  /** Until nothing moves any more: a colour on its way to the other theme has the contrast of neither. */
  private async settled(): Promise<void> {
    await this.page.evaluate(async () => {
      const frame = (): Promise<number> => new Promise((resolve) => requestAnimationFrame(resolve));
      await frame();
      await frame();
      await Promise.allSettled(document.getAnimations().map((animation) => animation.finished));
    });
  }

  async leave(): Promise<void> {
    await this.page.context().close();
  }
}
