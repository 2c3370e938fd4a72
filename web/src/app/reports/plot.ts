/** What is drawn of a report's rows. Sizes only: amounts are shown as the API says them. */

import type { Row } from "./documents.ts";

export interface Bar {
  key: string;
  label: string;
  paid: { share: number; formatted: string };
  outstanding: { share: number; formatted: string };
}

/** Each row's paid and outstanding amounts as shares of the largest sum of the two, from 0 to 1. */
export function barsOf(rows: Row[]): Bar[] {
  const largest = Math.max(...rows.map((row) => size(row.paid) + size(row.outstanding)), Number.MIN_VALUE);
  return rows.map((row) => ({
    key: row.key,
    label: row.label,
    paid: { share: size(row.paid) / largest, formatted: row.paid.formatted },
    outstanding: { share: size(row.outstanding) / largest, formatted: row.outstanding.formatted },
  }));
}

function size(money: { amount: string }): number {
  return Math.max(Number(money.amount), 0);
}
