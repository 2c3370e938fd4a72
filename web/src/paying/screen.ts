/** Which screen an invoice is shown on: the one place that decides what a payer is told and offered. */

import { isPositive } from "../shared/payments.ts";

export type Outcome = "success" | "canceled" | null;

interface Amount {
  amount: string;
  formatted: string;
}

interface Attempt {
  status: string;
  method: string;
  /** Only the payer of a separate invoice is told why a card was declined. */
  failureMessage?: string | null;
}

/** What a screen is made of; both portals ask for it. */
export interface Payable {
  id: string;
  companyName: string;
  status: string;
  paymentStatus: string;
  notice: string | null;
  total: { formatted: string };
  settled: Amount;
  inFlight: Amount;
  remaining: Amount;
  overpaid: Amount;
  payments: Attempt[];
}

/** What the page says. Only `due` offers to pay. */
export type Screen =
  | { kind: "due"; declined: string | null; left: boolean; partly: boolean }
  | { kind: "waiting" }
  | { kind: "debit" }
  | { kind: "too-little"; notice: string }
  | { kind: "paid"; just: boolean }
  | { kind: "overpaid" }
  | { kind: "refunded" }
  | { kind: "disputed" }
  | { kind: "void" }
  | { kind: "nothing" };

const UNTOLD = "The payment was declined.";

/** States in which an attempt can still turn into a payment. */
const LIVE = new Set(["CREATED", "REQUIRES_ACTION", "PROCESSING", "UNKNOWN"]);

/** `outcome` is what the checkout said when it led back here: a hint, never the proof that something was paid. */
export function screenOf(invoice: Payable, outcome: Outcome): Screen {
  const latest = invoice.payments.at(-1);
  if (invoice.status === "VOID") return { kind: "void" };
  if (invoice.paymentStatus === "DISPUTED") return { kind: "disputed" };
  if (latest?.status === "PROCESSING" && latest.method === "ACH") return { kind: "debit" };
  if (isPositive(invoice.inFlight)) return { kind: "waiting" };
  if (isPositive(invoice.remaining)) return owing(invoice, latest, outcome);
  return settled(invoice, outcome);
}

function owing(invoice: Payable, latest: Attempt | undefined, outcome: Outcome): Screen {
  const live = latest !== undefined && LIVE.has(latest.status);
  const failed = latest?.status === "FAILED";
  const declined = live || failed ? (latest?.failureMessage ?? (failed ? UNTOLD : null)) : null;
  // Whoever comes from a checkout that said "paid" waits, unless Stripe has told us otherwise since.
  if (outcome === "success" && live && declined === null) return { kind: "waiting" };
  if (invoice.notice) return { kind: "too-little", notice: invoice.notice };
  return { kind: "due", declined, left: outcome === "canceled", partly: isPositive(invoice.settled) };
}

function settled(invoice: Payable, outcome: Outcome): Screen {
  switch (invoice.paymentStatus) {
    case "OVERPAID":
      return { kind: "overpaid" };
    case "REFUNDED":
    case "PARTIALLY_REFUNDED":
      return { kind: "refunded" };
    case "NOT_DUE":
      return { kind: "nothing" };
    default:
      return { kind: "paid", just: outcome === "success" };
  }
}
