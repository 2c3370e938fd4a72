/** What payments are called when people read about them. */

interface Described {
  method: string;
  cardBrand?: string | null;
  cardLast4?: string | null;
}

const METHODS: Record<string, string> = {
  CARD: "Card",
  ACH: "Bank debit",
  CASH: "Cash",
  CHECK: "Check",
  OTHER: "Other",
};

/** States of money that moved, or is moving; attempts that came to nothing are told elsewhere. */
const MOVED = new Set(["PROCESSING", "SUCCEEDED", "DISPUTED", "LOST", "RETURNED", "RECORDED"]);

export function moved(payment: { status: string }): boolean {
  return MOVED.has(payment.status);
}

/** Such as "Visa ending in 4242", or "Bank debit". */
export function methodOf(payment: Described): string {
  if (payment.cardLast4) {
    const brand = payment.cardBrand ?? "card";
    return `${brand.charAt(0).toUpperCase()}${brand.slice(1)} ending in ${payment.cardLast4}`;
  }
  return METHODS[payment.method] ?? payment.method;
}

const STATES: Record<string, string> = {
  PROCESSING: "On its way",
  SUCCEEDED: "Paid",
  RECORDED: "Paid",
  DISPUTED: "Disputed",
  LOST: "Taken back after a dispute",
  RETURNED: "Returned by the bank",
};

export function stateOf(payment: { status: string }): string {
  return STATES[payment.status] ?? "";
}

/** Whether an amount of the API, a decimal as text, is more than nothing. */
export function isPositive(money: { amount: string }): boolean {
  return Number(money.amount) > 0;
}
