/** Lists as people type them. */

/** "3, 7,14" reads [3, 7, 14]. What is no number becomes 0, which the API refuses by name. */
export function daysOf(text: string): number[] {
  return text
    .split(/[\s,;]+/)
    .filter((part) => part !== "")
    .map((part) => (/^\d{1,6}$/.test(part) ? Number(part) : 0));
}

/** One on each line. */
export function linesOf(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

const SAMPLES: Record<string, string> = {
  property_address: "12 Lakeshore Drive, Evanston",
  recipient_name: "Jordan Blake",
  inspection_number: "1042",
  inspection_date: "November 24, 2026",
  amount: "$450.00",
};

/** A mail's text with its placeholders filled, as a sample; placeholders that nobody knows stay. */
export function filled(text: string, known: Record<string, string>): string {
  const values = { ...SAMPLES, ...known };
  return text.replaceAll(/\{\{\s*(\w+)\s*\}\}/g, (all, name: string) => values[name] ?? all);
}
