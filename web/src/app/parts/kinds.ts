/** What charges are, and who people are to an inspection, as lists to choose from. */

export const KINDS = [
  ["SERVICE", "Service"],
  ["ADD_ON", "Add-on"],
  ["FEE", "Fee"],
  ["DISCOUNT", "Discount"],
] as const;

export const ROLES = [
  ["CLIENT", "Client"],
  ["BUYERS_AGENT", "Buyer's agent"],
  ["LISTING_AGENT", "Listing agent"],
] as const;

export type Role = (typeof ROLES)[number][0] | "ADDITIONAL";

const ADDITIONAL = "+";

/** The built-in roles and the company's own. */
export function rolesOf(additional: readonly string[]): [string, string][] {
  return [...ROLES.map(([value, label]): [string, string] => [value, label]), ...additional.map(named)];
}

function named(name: string): [string, string] {
  return [ADDITIONAL + name, name];
}

/** What the API takes for a choice of `rolesOf`. */
export function roleInput(choice: string): { role: Role; roleName: string | null } {
  if (choice.startsWith(ADDITIONAL)) return { role: "ADDITIONAL", roleName: choice.slice(ADDITIONAL.length) };
  return { role: choice as Role, roleName: null };
}

export function labelOf(options: readonly (readonly [string, string])[], value: string): string {
  return options.find(([option]) => option === value)?.[1] ?? value;
}
