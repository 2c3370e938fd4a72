/** Which screen an invoice is shown on: the one place that decides what a payer is told and offered. */

import { isPositive } from "../shared/payments.ts";
import type { Invoice } from "./documents.ts";

export type Outcome = "success" | "canceled" | null;

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

type Shown = Pick<Invoice, "status" | "paymentStatus" | "notice" | "inFlight" | "remaining" | "settled"> & {
  payments: Pick<Invoice["payments"][number], "status" | "failureMessage" | "method" | "createdAt">[];
};

/** States in which an attempt can still turn into a payment. */
const LIVE = new Set(["CREATED", "REQUIRES_ACTION", "PROCESSING", "UNKNOWN"]);

/** `outcome` is what the checkout said when it led back here: a hint, never the proof that something was paid. */
export function screenOf(invoice: Shown, outcome: Outcome): Screen {
  const latest = invoice.payments.at(-1);
  if (invoice.status === "VOID") return { kind: "void" };
  if (invoice.paymentStatus === "DISPUTED") return { kind: "disputed" };
  if (latest?.status === "PROCESSING" && latest.method === "ACH") return { kind: "debit" };
  if (isPositive(invoice.inFlight)) return { kind: "waiting" };
  if (isPositive(invoice.remaining)) return owing(invoice, latest, outcome);
  return settled(invoice, outcome);
}

function owing(invoice: Shown, latest: Shown["payments"][number] | undefined, outcome: Outcome): Screen {
  const live = latest !== undefined && LIVE.has(latest.status);
  const declined = live || latest?.status === "FAILED" ? (latest?.failureMessage ?? null) : null;
  // Whoever comes from a checkout that said "paid" waits, unless Stripe has told us otherwise since.
  if (outcome === "success" && live && declined === null) return { kind: "waiting" };
  if (invoice.notice) return { kind: "too-little", notice: invoice.notice };
  return { kind: "due", declined, left: outcome === "canceled", partly: isPositive(invoice.settled) };
}

function settled(invoice: Shown, outcome: Outcome): Screen {
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
