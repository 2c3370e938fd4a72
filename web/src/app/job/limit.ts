/** What a fixed amount may be at most, said while somebody types; the API decides, and says the same. */

interface Money {
  amount: string;
  formatted: string;
}

/** Null while there is nothing to say. */
export function excess(typed: string, limit: Money): string | null {
  if (!/^\d+(\.\d*)?$/.test(typed.trim())) return null;
  return Number(typed) > Number(limit.amount) ? `Fixed amount cannot exceed ${limit.formatted}` : null;
}
