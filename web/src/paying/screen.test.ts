/** What a payer is told and offered, state by state. */

import { describe, expect, test } from "vitest";
import { screenOf, type Outcome, type Payable, type Screen } from "./screen.ts";

type Attempt = Payable["payments"][number];

const money = (amount: string): Payable["remaining"] => ({ amount, formatted: `$${amount}` });
const attempt = (status: Attempt["status"], more: Partial<Attempt> = {}): Attempt => ({
  status,
  failureMessage: null,
  method: "CARD",
  ...more,
});

const OPEN: Payable = {
  id: "SW52b2ljZTox",
  companyName: "Lakeside",
  status: "OPEN",
  paymentStatus: "UNPAID",
  notice: null,
  inFlight: money("0.00"),
  remaining: money("125.00"),
  settled: money("0.00"),
  overpaid: money("0.00"),
  total: money("125.00"),
  payments: [],
};
const PAID: Payable = {
  ...OPEN,
  status: "PAID",
  paymentStatus: "PAID",
  remaining: money("0.00"),
  settled: money("125.00"),
  payments: [attempt("SUCCEEDED")],
};
const DUE: Screen = { kind: "due", declined: null, left: false, partly: false };

const cases: [string, Payable, Outcome, Screen][] = [
  ["open", OPEN, null, DUE],
  ["partly paid", { ...OPEN, settled: money("25.00") }, null, { ...DUE, partly: true }],
  ["left the checkout", { ...OPEN, payments: [attempt("REQUIRES_ACTION")] }, "canceled", { ...DUE, left: true }],
  ["a checkout open elsewhere", { ...OPEN, payments: [attempt("REQUIRES_ACTION")] }, null, DUE],
  ["back from paying", { ...OPEN, payments: [attempt("REQUIRES_ACTION")] }, "success", { kind: "waiting" }],
  [
    "back from paying, and declined since",
    { ...OPEN, payments: [attempt("FAILED", { failureMessage: "Your card was declined." })] },
    "success",
    { ...DUE, declined: "Your card was declined." },
  ],
  [
    "declined, checkout still open",
    { ...OPEN, payments: [attempt("REQUIRES_ACTION", { failureMessage: "Your card was declined." })] },
    null,
    { ...DUE, declined: "Your card was declined." },
  ],
  [
    "declined before, and canceled",
    { ...OPEN, payments: [attempt("CANCELED", { failureMessage: "Your card was declined." })] },
    null,
    DUE,
  ],
  ["declined, the reason untold", { ...OPEN, payments: [attempt("FAILED")] }, null, { ...DUE, declined: "The payment was declined." }],
  ["Stripe does not answer", { ...OPEN, inFlight: money("125.00"), payments: [attempt("UNKNOWN")] }, null, { kind: "waiting" }],
  [
    "bank debit",
    { ...OPEN, inFlight: money("125.00"), remaining: money("0.00"), payments: [attempt("PROCESSING", { method: "ACH" })] },
    "success",
    { kind: "debit" },
  ],
  ["paid just now", PAID, "success", { kind: "paid", just: true }],
  ["paid before", PAID, null, { kind: "paid", just: false }],
  ["too little", { ...OPEN, notice: "Pay Lakeside directly." }, null, { kind: "too-little", notice: "Pay Lakeside directly." }],
  ["withdrawn", { ...OPEN, status: "VOID", paymentStatus: "NOT_DUE", remaining: money("0.00") }, null, { kind: "void" }],
  ["overpaid", { ...PAID, paymentStatus: "OVERPAID" }, null, { kind: "overpaid" }],
  ["refunded", { ...PAID, paymentStatus: "REFUNDED" }, null, { kind: "refunded" }],
  ["disputed", { ...PAID, paymentStatus: "DISPUTED" }, null, { kind: "disputed" }],
  ["nothing to pay", { ...PAID, paymentStatus: "NOT_DUE" }, null, { kind: "nothing" }],
];

describe("the screen of an invoice", () => {
  test.each(cases)("%s", (_, invoice, outcome, screen) => {
    expect(screenOf(invoice, outcome)).toEqual(screen);
  });
});
