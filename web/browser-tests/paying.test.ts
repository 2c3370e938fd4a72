/** A bill, from the mail's link to the receipt: declined at first, then paid, while the client looks on. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Browser } from "playwright-core";
import { launch, Visitor } from "./browser.ts";
import { Sandbox } from "./sandbox.ts";

const SLOW = { timeout: 60_000 };
const DECLINED = "4000000000000002";
const GOOD = "4242424242424242";

let sandbox: Sandbox;
let browser: Browser;

before(async () => {
  [sandbox, browser] = await Promise.all([Sandbox.start(), launch()]);
});

after(async () => {
  await browser?.close();
  await sandbox?.stop();
});

interface Job {
  id: string;
  people: { id: string; roleName: string; person: { email: string } }[];
}

/** Bills the agent of the demo's inspection nobody has paid for; gives the link of their mail, and the client's. */
async function billed(): Promise<{ payer: string; client: string }> {
  const staff = await sandbox.signIn();
  const { inspections } = await sandbox.ask<{ inspections: { nodes: Job[] } }>(
    '{ inspections(first: 1, filter: {search: "12 Lakeshore"}) { nodes { id people { id roleName person { id email } } } } }',
    {},
    staff,
  );
  const job = inspections.nodes[0];
  const agent = job?.people.find((entry) => entry.roleName === "Buyer's agent");
  assert.ok(job && agent);
  const bill = `mutation($inspection: ID!, $person: ID!) {
    addInvoice(input: {inspectionId: $inspection, inspectionPersonId: $person, fixedAmount: "125.00", send: true}) {
      userErrors { message }
    }
  }`;
  const made = await sandbox.ask<{ addInvoice: { userErrors: object[] } }>(
    bill,
    { inspection: job.id, person: agent.id },
    staff,
  );
  assert.deepEqual(made.addInvoice.userErrors, []);
  const client = sandbox.welcome.match(/Client portal of an inspection +(\S+)/)?.[1];
  assert.ok(client);
  return { payer: await sandbox.linkMailedTo(agent.person.email), client };
}

test("a payer opens the mail's link, is declined, pays, and the client sees it without a reload", async () => {
  const links = await billed();
  const token = links.payer.split("#")[1] ?? "";
  const payer = await Visitor.of(browser, { viewport: { width: 320, height: 640 } });
  const client = await Visitor.of(browser, { viewport: { width: 1280, height: 800 } });
  const { page } = payer;

  await page.goto(links.payer);
  const pay = page.getByRole("button", { name: "Pay $125.00" });
  await pay.waitFor(SLOW);
  assert.ok(!page.url().includes(token), "the token stays in the address bar");
  await page.reload();
  await pay.waitFor(SLOW);
  await payer.isAccessible("an open invoice");

  await client.page.goto(links.client);
  await client.page.getByRole("heading", { name: "Who pays what" }).waitFor(SLOW);
  await client.isAccessible("a client portal");

  // By keyboard alone: the button is reached with Tab, and pressed with Enter.
  for (let presses = 0; presses < 10 && !(await pay.evaluate((it) => it === document.activeElement)); presses++) {
    await page.keyboard.press("Tab");
  }
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/c\/pay\//, SLOW);
  await page.locator('input[name="card"]').fill(DECLINED);
  await page.locator('form:has(input[name="card"]) button').first().click();
  await page.getByText("declined").first().waitFor(SLOW);
  await page.getByText("Go back without paying").click();
  await page.getByText("The last try did not go through").or(page.getByText("You left without paying")).waitFor(SLOW);
  await page.getByText("The last try did not go through").waitFor(SLOW); // Once Stripe has told us.
  await payer.isAccessible("a declined card");

  await pay.click();
  await page.waitForURL(/\/c\/pay\//, SLOW);
  await page.locator('input[name="card"]').fill(GOOD);
  await page.locator('form:has(input[name="card"]) button').first().click();
  await page.waitForURL(/checkout=success/, SLOW);
  await page.getByText("Thank you, your payment has arrived").waitFor(SLOW);
  await page.getByText("Visa ending in 4242").waitFor(SLOW);
  await page.getByRole("link", { name: "Open the receipt (PDF)" }).waitFor(SLOW);
  await payer.isAccessible("a paid invoice");

  await client.page.getByText("Paid", { exact: true }).first().waitFor(SLOW);
  await client.isAccessible("a client portal after a payment");

  payer.isClean(token, ...sandbox.hosts);
  client.isClean(links.client.split("#")[1] ?? "", ...sandbox.hosts);
  await Promise.all([payer.leave(), client.leave()]);
});

test("a link that opens nothing says so in plain words", async () => {
  for (const path of ["pay", "portal"]) {
    const visitor = await Visitor.of(browser, { viewport: { width: 320, height: 640 } });
    await visitor.page.goto(`${sandbox.api}/${path}`);
    await visitor.page.getByRole("heading", { name: "Open the link from your email" }).waitFor(SLOW);
    await visitor.isAccessible(`${path} without a link`);
    await visitor.page.goto(`${sandbox.api}/${path}#${"x".repeat(43)}`);
    await visitor.page.getByRole("heading", { name: "This link does not work any more" }).waitFor(SLOW);
    await visitor.isAccessible(`${path} with a dead link`);
    await visitor.leave();
  }
});

test("a payer who loses the connection is told, and goes on by themselves", async () => {
  const link = sandbox.welcome.match(/Payment portal of an open invoice +(\S+)/)?.[1] ?? "";
  const payer = await Visitor.of(browser);
  await payer.page.goto(link);
  const pay = payer.page.getByRole("button", { name: /^Pay / });
  await pay.waitFor(SLOW);
  await payer.page.context().setOffline(true);
  await payer.page.getByText("You are offline").waitFor(SLOW);
  await pay.click();
  await payer.page.getByText("The payment could not be started").waitFor(SLOW);
  await payer.isAccessible("offline");
  await payer.page.context().setOffline(false);
  await pay.click();
  await payer.page.waitForURL(/\/c\/pay\//, SLOW);
  await payer.leave();
});

test("staff sign in, and are told when they can't", async () => {
  const staff = await Visitor.of(browser, { viewport: { width: 320, height: 640 } });
  const { page } = staff;
  await page.goto(`${sandbox.api}/app`);
  await page.getByLabel("Email").fill("owner@example.com");
  await page.getByLabel("Password").fill("not-the-password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").waitFor(SLOW);
  await staff.isAccessible("a wrong password");
  await page.getByLabel("Password").fill("inspect-and-pay");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Jobs" }).waitFor(SLOW);
  await staff.isAccessible("the list of jobs");
  staff.isClean("inspect-and-pay", ...sandbox.hosts);
  await staff.leave();
});

test("GraphiQL runs under its policy, signs in, and keeps its tabs over a reload", async () => {
  const developer = await Visitor.of(browser, { viewport: { width: 1280, height: 800 } });
  const { page } = developer;
  await page.goto(`${sandbox.api}/graphiql`);
  await page.getByLabel("Email").fill("owner@example.com");
  await page.getByLabel("Password").fill("inspect-and-pay");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("Signed in as staff").waitFor(SLOW);
  await page.locator(".graphiql-execute-button").click();
  await page.locator(".graphiql-response").getByText("propertyAddress").first().waitFor(SLOW);
  await page.reload();
  await page.getByText("Signed in as staff").waitFor(SLOW);
  await page.getByRole("tab", { name: "Portal" }).waitFor(SLOW);
  developer.isClean("no secret", ...sandbox.hosts);
  await developer.leave();
});
