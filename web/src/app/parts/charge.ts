/** A charge while it is typed: from the catalogue, or of its own. */

import type { KINDS } from "./kinds.ts";

type Kind = (typeof KINDS)[number][0];

export interface Service {
  id: string;
  name: string;
  kind: Kind;
  active: boolean;
  amount: { amount: string; formatted: string };
}

export interface Line {
  /** Empty where it is not from the catalogue. */
  serviceId: string;
  kind: Kind;
  description: string;
  amount: string;
}

export function newLine(kind: Kind = "SERVICE"): Line {
  return { serviceId: "", kind, description: "", amount: "" };
}

/** What a choice of the catalogue fills in; it can be typed over. */
export function lineOf(service: Service): Line {
  return { serviceId: service.id, kind: service.kind, description: service.name, amount: service.amount.amount };
}

export function isTyped(line: Line): boolean {
  return line.serviceId !== "" || line.description.trim() !== "" || line.amount.trim() !== "";
}

export function lineInput(line: Line): { serviceId: string | null; kind: Kind; description: string; amount: string } {
  return { ...line, serviceId: line.serviceId || null };
}
