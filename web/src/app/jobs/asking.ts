/** What the list of jobs asks for, by what its address says. */

import type { Asking } from "./documents.ts";

export const PAGE_SIZE = 25;

export const OWED = [
  ["", "All"],
  ["outstanding", "With something outstanding"],
  ["overdue", "Overdue"],
  ["UNPAID", "Nothing paid yet"],
  ["PARTIALLY_PAID", "Partly paid"],
  ["PROCESSING", "Payment on its way"],
  ["PAID", "Paid"],
  ["OVERPAID", "Overpaid"],
  ["DISPUTED", "Disputed"],
  ["PARTIALLY_REFUNDED", "Partly refunded"],
  ["REFUNDED", "Refunded"],
  ["NOT_DUE", "Nothing due"],
] as const;

export const STATES = [
  ["", "All"],
  ["SCHEDULED", "Scheduled"],
  ["COMPLETED", "Completed"],
  ["CANCELED", "Canceled"],
] as const;

export const ORDERS = [
  ["DATE-DESC", "Latest first"],
  ["DATE-ASC", "Earliest first"],
  ["AMOUNT-DESC", "Highest total first"],
  ["AMOUNT-ASC", "Lowest total first"],
  ["NAME-ASC", "Client, A to Z"],
  ["NAME-DESC", "Client, Z to A"],
  ["STATUS-ASC", "Status"],
] as const;

/** An InspectionOrder, which the schema has as a scalar. */
interface Order {
  field: string;
  direction: string;
}

type Filter = NonNullable<Asking["filter"]>;

/** Unknown values of the address are left out: it may have been typed. */
export function askingOf(query: URLSearchParams): Asking {
  const filter: Filter = {};
  const search = query.get("search")?.trim();
  if (search) filter.search = search;
  const owed = known(OWED, query.get("owed"));
  if (owed === "outstanding") filter.outstanding = true;
  else if (owed === "overdue") filter.overdue = true;
  else if (owed) filter.paymentStatus = owed;
  const status = known(STATES, query.get("status"));
  if (status) filter.status = status;
  const before = query.get("before");
  const page = before ? { last: PAGE_SIZE, before } : { first: PAGE_SIZE, after: query.get("after") };
  return { filter, orderBy: orderOf(known(ORDERS, query.get("order")) ?? "DATE-DESC"), ...page };
}

function orderOf(order: (typeof ORDERS)[number][0]): Order {
  const [field = "", direction = ""] = order.split("-");
  return { field, direction };
}

function known<Value extends string>(
  options: readonly (readonly [Value, string])[],
  given: string | null,
): Value | undefined {
  return options.find(([value]) => value === given)?.[0];
}
