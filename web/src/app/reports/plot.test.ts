/** What is drawn of a report's rows. */

import { expect, test } from "vitest";
import { barsOf } from "./plot.ts";

const money = (amount: string): { amount: string; formatted: string } => ({ amount, formatted: `$${amount}` });
const row = (key: string, paid: string, outstanding: string): Parameters<typeof barsOf>[0][number] => ({
  key,
  label: key,
  count: 1,
  paid: money(paid),
  refunded: money("0.00"),
  outstanding: money(outstanding),
  unsent: money("0.00"),
  writtenOff: money("0.00"),
});

test("bars are shares of the largest, and nothing is drawn of nothing", () => {
  const shares = barsOf([row("a", "75.00", "25.00"), row("b", "50.00", "0.00"), row("c", "0.00", "-5.00")]).map((bar) => [
    bar.paid.share,
    bar.outstanding.share,
  ]);
  expect(shares).toEqual([
    [0.75, 0.25],
    [0.5, 0],
    [0, 0],
  ]);
  expect(barsOf([row("a", "0.00", "0.00")])[0]?.paid.share).toBe(0);
  expect(barsOf([])).toEqual([]);
});
