/** A day's work in the inspectors' app: billing an agent by keyboard alone, while a colleague looks on, and what follows. */

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, test } from "node:test";
import type { Browser, Locator, Page } from "playwright-core";
import { launch, Visitor } from "./browser.ts";
import { Sandbox } from "./sandbox.ts";

const SLOW = { timeout: 60_000 };
const TABS_MAX = 80;
const PASSWORD = "inspect-and-pay";

let sandbox: Sandbox;
let browser: Browser;

before(async () => {
  [sandbox, browser] = await Promise.all([Sandbox.start(), launch()]);
});

after(async () => {
  await browser?.close();
  await sandbox?.stop();
});

/** Goes there by the Tab key, as somebody without a mouse does. */
async function reach(page: Page, target: Locator): Promise<void> {
  await target.waitFor(SLOW);
  for (let presses = 0; presses < TABS_MAX; presses++) {
    if (await target.evaluate((it) => it === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`${target} is not reached by the Tab key`);
}

async function press(page: Page, target: Locator): Promise<void> {
  await reach(page, target);
  await page.keyboard.press("Enter");
}

async function type(page: Page, target: Locator, text: string): Promise<void> {
  await reach(page, target);
  await page.keyboard.press("Control+A");
  await page.keyboard.type(text);
}

async function signIn(visitor: Visitor): Promise<void> {
  const { page } = visitor;
  await page.goto(`${sandbox.api}/app`);
  await type(page, page.getByLabel("Email"), "owner@example.com");
  await type(page, page.getByLabel("Password"), PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Jobs" }).waitFor(SLOW);
}

async function open(page: Page, address: RegExp): Promise<void> {
  await press(page, page.getByRole("link", { name: address }));
  await page.getByRole("heading", { name: address, level: 1 }).waitFor(SLOW);
}

function dialogOf(page: Page): Locator {
  return page.getByRole("dialog");
}

/** What an authenticator app shows for a secret at a moment (RFC 6238, six digits, half a minute). */
function codeOf(secret: string, moment: number): string {
  const bits = [...secret].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0"));
  const key = Buffer.from((bits.join("").match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(moment / 30_000)));
  const digest = createHmac("sha1", key).update(counter).digest();
  const at = (digest.at(-1) ?? 0) & 15;
  return `${(digest.readUInt32BE(at) & 0x7fffffff) % 1_000_000}`.padStart(6, "0");
}

test("an agent is billed by keyboard alone, and a colleague sees it without a reload", async () => {
  const staff = await Visitor.of(browser, { viewport: { width: 320, height: 800 } });
  const colleague = await Visitor.of(browser, { viewport: { width: 1280, height: 900 } });
  const { page } = staff;
  await Promise.all([signIn(staff), signIn(colleague)]);
  await open(colleague.page, /12 Lakeshore/);

  await type(page, page.getByLabel("Search"), "lakeshore");
  await page.getByRole("link", { name: /48 Birch/ }).waitFor({ state: "detached", ...SLOW });
  await staff.isAccessible("a list that was searched");
  await open(page, /12 Lakeshore/);
  await staff.isAccessible("a job");

  await press(page, page.getByRole("button", { name: "Add Invoice" }));
  const dialog = dialogOf(page);
  await press(page, dialog.getByRole("button", { name: "Save and Send" }));
  await dialog.getByText("Choose who is billed.").waitFor(SLOW);
  await reach(page, dialog.getByLabel("Contact"));
  await page.keyboard.type("Arthur");
  await reach(page, dialog.getByRole("radio", { name: "Services" }));
  await page.keyboard.press("ArrowDown");
  await type(page, dialog.getByLabel("Amount", { exact: true }), "1000");
  await dialog.getByText("Fixed amount cannot exceed $450.00").waitFor(SLOW);
  await staff.isAccessible("an amount above the limit");
  await type(page, dialog.getByLabel("Amount", { exact: true }), "125");
  await press(page, dialog.getByRole("button", { name: "Save and Send" }));
  await dialog.waitFor({ state: "detached", ...SLOW });

  for (const each of [page, colleague.page]) {
    await each.getByRole("heading", { name: "Arthur Bell", level: 3 }).waitFor(SLOW);
    await each.getByText("To arthur.bell@example.com").waitFor(SLOW);
  }
  assert.match(await sandbox.linkMailedTo("arthur.bell@example.com"), /\/pay#/);
  await staff.isAccessible("a job with a bill");
  await colleague.isAccessible("a job on a colleague's screen");

  staff.isClean(PASSWORD, ...sandbox.hosts);
  colleague.isClean(PASSWORD, ...sandbox.hosts);
  await Promise.all([staff.leave(), colleague.leave()]);
});

test("money that came by hand is recorded, given back and struck out, with what that means said before", async () => {
  const staff = await Visitor.of(browser, { viewport: { width: 1280, height: 900 } });
  const { page } = staff;
  await signIn(staff);
  await open(page, /64 Elm Terrace/);
  await page.getByRole("button", { name: "Record a payment" }).first().click();
  const dialog = dialogOf(page);
  await dialog.getByLabel("Amount").fill("0");
  await dialog.getByRole("button", { name: "Record it" }).click();
  await dialog.locator('[aria-invalid="true"]').waitFor(SLOW);
  await staff.isAccessible("a refused amount");
  await dialog.getByLabel("Amount").fill("40");
  await dialog.getByRole("button", { name: "Record it" }).click();
  await dialog.waitFor({ state: "detached", ...SLOW });
  await page.getByText("Recorded by hand").first().waitFor(SLOW);

  await page.getByRole("button", { name: "Refund" }).first().click();
  await dialog.getByText("It is due again").waitFor(SLOW);
  await staff.isAccessible("a refund");
  await dialog.getByLabel("Amount").fill("15");
  await dialog.getByRole("button", { name: "Refund" }).click();
  await dialog.waitFor({ state: "detached", ...SLOW });
  await page.getByText("$15.00 given back").waitFor(SLOW);
  await staff.isAccessible("a job with a refund");
  staff.isClean(PASSWORD, ...sandbox.hosts);
  await staff.leave();
});

test("a reload and a second tab stay signed in, and signing out ends both", async () => {
  const staff = await Visitor.of(browser, { viewport: { width: 1280, height: 900 } });
  const { page } = staff;
  await signIn(staff);
  await page.reload();
  await page.getByRole("heading", { name: "Jobs" }).waitFor(SLOW);
  const second = await page.context().newPage();
  await second.goto(`${sandbox.api}/app`);
  await second.getByRole("heading", { name: "Jobs" }).waitFor(SLOW);
  await second.reload();
  await second.getByRole("heading", { name: "Jobs" }).waitFor(SLOW);
  await page.reload();
  await page.getByRole("heading", { name: "Jobs" }).waitFor(SLOW);

  // Ten minutes on, one tab renews the session; the other holds what came instead, and uses no token that was used.
  const held = (tab: Page): Promise<string | null> => tab.evaluate(() => sessionStorage.getItem("inspectpay.staff"));
  const first = await held(page);
  await second.clock.setSystemTime(Date.now() + 11 * 60_000);
  await second.getByRole("link", { name: "Reports" }).click();
  await second.getByRole("heading", { name: "Over time" }).waitFor(SLOW);
  await page.waitForFunction((before) => sessionStorage.getItem("inspectpay.staff") !== before, first, SLOW);
  assert.equal(await held(page), await held(second));

  const kept = await page.evaluate(() => JSON.stringify({ ...localStorage }));
  assert.equal(kept, "{}", "something outlives the tab");
  await page.getByRole("button", { name: "Sign out" }).click();
  for (const each of [page, second]) await each.getByRole("heading", { name: "Sign in" }).waitFor(SLOW);
  await staff.leave();
});

test("a second factor is set up, asked for, and a forgotten password chosen anew by a mailed link", async () => {
  const staff = await Visitor.of(browser, { viewport: { width: 320, height: 800 } });
  const { page } = staff;
  const email = "inspector@example.com";
  const enter = async (password: string): Promise<void> => {
    await page.getByLabel("Email").fill(email);
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Sign in" }).click();
  };
  await page.goto(`${sandbox.api}/app#/settings/you`);
  await enter(PASSWORD);
  await page.getByLabel("Your password").fill(PASSWORD);
  await page.getByRole("button", { name: "Set up a second factor" }).click();
  const uri = (await page.getByRole("link", { name: "open it there" }).getAttribute("href")) ?? "";
  const secret = new URL(uri).searchParams.get("secret") ?? "";
  await staff.isAccessible("setting up a second factor");
  await page.getByLabel("Code").fill(codeOf(secret, Date.now()));
  await page.getByRole("button", { name: "Turn it on" }).click();
  await page.getByText("Each of these lets you in once").waitFor(SLOW);
  await staff.isAccessible("recovery codes");
  const recovery = (await page.locator("main ul li").first().textContent()) ?? "";

  await page.getByRole("button", { name: "Sign out" }).click();
  await enter(PASSWORD);
  await page.getByRole("heading", { name: "Your second factor" }).waitFor(SLOW);
  await staff.isAccessible("a second factor asked for");
  await page.getByLabel("Code").fill("000000");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.locator('[aria-invalid="true"], [role="alert"]').first().waitFor(SLOW);
  await page.getByLabel("Code").fill(recovery);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("heading", { name: "Settings" }).waitFor(SLOW);

  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("button", { name: "Forgot your password?" }).click();
  await page.getByLabel("Email").fill(email);
  await page.getByRole("button", { name: "Mail me a link" }).click();
  await page.getByText("Look into your mail").waitFor(SLOW);
  await staff.isAccessible("a link asked for");
  const link = await sandbox.linkMailedTo(email);
  assert.match(link, /#reset=/);
  await page.goto("about:blank");
  await page.goto(link);
  await page.getByLabel("Password").fill("short");
  await page.getByRole("button", { name: "Set the password" }).click();
  await page.locator('[aria-invalid="true"]').waitFor(SLOW);
  await staff.isAccessible("a password too short");
  assert.ok(!page.url().includes("reset"), "the token stays in the address bar");
  await page.getByLabel("Password").fill("another-password");
  await page.getByRole("button", { name: "Set the password" }).click();
  await page.getByText("Your password is set").waitFor(SLOW);
  staff.isClean(link.split("=")[1] ?? "", ...sandbox.hosts);
  await staff.leave();
});

test("every screen is accessible, and fits a small window", async () => {
  for (const width of [320, 1280]) {
    const staff = await Visitor.of(browser, { viewport: { width, height: 900 } });
    const { page } = staff;
    await signIn(staff);
    for (const [path, heading] of [
      ["new", "Charges"],
      ["reports", "Over time"],
      ["settings/company", "Stripe"],
      ["settings/branding", "Branding"],
      ["settings/catalogue", "Catalogue"],
      ["settings/automations", "Automations"],
      ["settings/staff", "Staff"],
      ["settings/you", "Sessions"],
      ["lunch", "There is no such page"],
    ] as const) {
      await page.evaluate((hash) => (location.hash = hash), `#/${path}`);
      await page.getByRole("heading", { name: heading, exact: true }).waitFor(SLOW);
      await staff.isAccessible(`${path} at ${width} px`);
    }
    staff.isClean(PASSWORD, ...sandbox.hosts);
    await staff.leave();
  }
});

test("a job is made from the catalogue, with somebody new", async () => {
  const staff = await Visitor.of(browser, { viewport: { width: 1280, height: 900 } });
  const { page } = staff;
  await signIn(staff);
  await page.evaluate(() => (location.hash = "#/settings/catalogue"));
  await page.getByRole("button", { name: "Add a service" }).click();
  const dialog = dialogOf(page);
  await dialog.getByLabel("Name").fill("Mold test");
  await dialog.getByLabel("Price").fill("180");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.waitFor({ state: "detached", ...SLOW });

  await page.evaluate(() => (location.hash = "#/new"));
  await page.getByLabel("From the catalogue").selectOption({ label: "Mold test, $180.00" });
  await page.getByLabel("Name").fill("Nora Vale");
  await page.getByLabel("Email").fill("nora.vale@example.com");
  await page.getByRole("button", { name: "Make the job" }).click();
  await page.locator('[aria-invalid="true"]').first().waitFor(SLOW);
  await staff.isAccessible("a job without an address");
  await page.getByLabel("Address of the property").fill("1 New Street, Evanston");
  await page.getByRole("button", { name: "Make the job" }).click();
  await page.getByRole("heading", { name: "1 New Street, Evanston", level: 1 }).waitFor(SLOW);
  await page.getByRole("button", { name: "Remove Mold test" }).waitFor(SLOW);
  staff.isClean(PASSWORD, ...sandbox.hosts);
  await staff.leave();
});
