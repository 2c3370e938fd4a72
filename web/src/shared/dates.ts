/** Dates and times as people read them, in the reader's own language and zone. */

const DATE = new Intl.DateTimeFormat(undefined, { dateStyle: "long" });
const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "long", timeZone: "UTC" });
const TIME = new Intl.DateTimeFormat(undefined, { dateStyle: "long", timeStyle: "short" });

/** The day of a moment, such as November 24, 2026. */
export function dateOf(moment: string): string {
  return DATE.format(new Date(moment));
}

/** A day without a time, given as 2026-11-24: the same day wherever it is read. */
export function dayOf(day: string): string {
  return DAY.format(new Date(`${day}T00:00:00Z`));
}

/** A moment with its time. */
export function momentOf(moment: string): string {
  return TIME.format(new Date(moment));
}
