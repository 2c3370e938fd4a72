/** Periods of whole days in the company's time zone. */

export interface Period {
  /** Days such as 2026-11-24; both belong to it. */
  first: string;
  last: string;
}

export const DAYS_AS_DAYS_MAX = 62;

const DAY_MS = 86_400_000;

/** From the first day of the month eleven months ago until today, where the company is. */
export function lastYear(timeZone: string, now = new Date()): Period {
  const today = dayIn(timeZone, now);
  const [year, month] = today.split("-").map(Number) as [number, number];
  return { first: new Date(Date.UTC(year, month - 12, 1)).toISOString().slice(0, 10), last: today };
}

export function isDay(text: string | null): text is string {
  return text !== null && /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text));
}

/** From its first moment until just after its last. */
export function momentsOf({ first, last }: Period, timeZone: string): { from: string; to: string } {
  const next = new Date(Date.parse(last) + DAY_MS).toISOString().slice(0, 10);
  return { from: midnight(first, timeZone).toISOString(), to: midnight(next, timeZone).toISOString() };
}

/** Short periods are shown day by day. */
export function stepOf({ first, last }: Period): "DAY" | "MONTH" {
  return (Date.parse(last) - Date.parse(first)) / DAY_MS < DAYS_AS_DAYS_MAX ? "DAY" : "MONTH";
}

function dayIn(timeZone: string, moment: Date): string {
  return new Intl.DateTimeFormat("en-CA", { timeZone, dateStyle: "short" }).format(moment);
}

/** The moment at which a day begins in a zone: looked for twice, because the first guess may lie across a change of clocks. */
function midnight(day: string, timeZone: string): Date {
  const wanted = Date.parse(day);
  let moment = wanted;
  for (let tries = 0; tries < 2; tries++) moment = wanted - offset(timeZone, new Date(moment));
  return new Date(moment);
}

/** How far the zone's clocks are ahead of UTC, in milliseconds. */
function offset(timeZone: string, moment: Date): number {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(moment);
  const part = (type: string): number => Number(parts.find((each) => each.type === type)?.value);
  const shown = Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"));
  return shown - Math.floor(moment.getTime() / 1_000) * 1_000;
}
