/** What is offered to end an invoice. */

import { expect, test } from "vitest";
import { endings } from "./endings.ts";

const money = (amount: string): { amount: string } => ({ amount });
const OPEN = {
  kind: "SEPARATE",
  status: "OPEN",
  settled: money("0.00"),
  inFlight: money("0.00"),
  remaining: money("125.00"),
};
const offered = (invoice: Parameters<typeof endings>[0]): string[] => endings(invoice).map((each) => each.ending);

test("only what can be done with an invoice is offered", () => {
  expect(offered(OPEN)).toEqual(["void", "writeOff"]);
  expect(offered({ ...OPEN, settled: money("25.00"), remaining: money("100.00") })).toEqual(["short", "writeOff"]);
  expect(offered({ ...OPEN, status: "DRAFT" })).toEqual(["void"]);
  expect(offered({ ...OPEN, status: "UNCOLLECTIBLE" })).toEqual(["void"]);
  expect(offered({ ...OPEN, status: "PAID", settled: money("125.00"), remaining: money("0.00") })).toEqual([]);
  expect(offered({ ...OPEN, kind: "PRIMARY" })).toEqual([]);
});
