/** How an invoice can be ended besides being paid, and what that means for the money. */

interface Ended {
  kind: string;
  status: string;
  settled: { amount: string };
  inFlight: { amount: string };
  remaining: { amount: string };
}

export type Ending = "void" | "short" | "writeOff";

/** What is worth offering; the API decides, and says why not. */
export function endings(invoice: Ended): { ending: Ending; label: string }[] {
  if (invoice.kind === "PRIMARY") return [];
  const paid = Number(invoice.settled.amount) > 0;
  const isOpen = invoice.status === "OPEN";
  const found: { ending: Ending; label: string }[] = [];
  if (!paid && (isOpen || invoice.status === "DRAFT" || invoice.status === "UNCOLLECTIBLE")) {
    found.push({ ending: "void", label: "Void" });
  }
  if (isOpen && paid && Number(invoice.remaining.amount) > 0) found.push({ ending: "short", label: "Close short" });
  if (isOpen) found.push({ ending: "writeOff", label: "Write off" });
  return found;
}
