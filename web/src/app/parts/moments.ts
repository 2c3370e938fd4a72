/** Moments as `<input type="datetime-local">` has them: in the reader's zone, without saying so. */

/** Such as 2026-11-24T15:00. */
export function toLocal(moment: Date): string {
  const shifted = new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}

/** The moment with its offset from UTC, or what was typed where it is none: the API says what is wrong with it. */
export function fromLocal(local: string): string {
  const moment = new Date(local);
  return Number.isNaN(moment.getTime()) ? local : moment.toISOString();
}
