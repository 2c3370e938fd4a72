/** Periods in the company's time zone. */

import { expect, test } from "vitest";
import { isDay, lastYear, momentsOf, stepOf } from "./period.ts";

test("days begin and end where the company is, over changes of clocks too", () => {
  const march = { first: "2026-03-08", last: "2026-03-08" };
  expect(momentsOf(march, "America/New_York")).toEqual({
    from: "2026-03-08T05:00:00.000Z",
    to: "2026-03-09T04:00:00.000Z",
  });
  expect(momentsOf({ first: "2026-01-01", last: "2026-01-31" }, "Asia/Tokyo")).toEqual({
    from: "2025-12-31T15:00:00.000Z",
    to: "2026-01-31T15:00:00.000Z",
  });
});

test("the last year ends with today where the company is", () => {
  const now = new Date("2026-11-25T03:00:00Z");
  expect(lastYear("America/New_York", now)).toEqual({ first: "2025-12-01", last: "2026-11-24" });
  expect(lastYear("Europe/Berlin", now)).toEqual({ first: "2025-12-01", last: "2026-11-25" });
});

test("short periods are shown by days", () => {
  expect(stepOf({ first: "2026-11-01", last: "2026-11-30" })).toBe("DAY");
  expect(stepOf({ first: "2026-01-01", last: "2026-11-30" })).toBe("MONTH");
});

test("only days are days", () => {
  expect(isDay("2026-11-24")).toBe(true);
  for (const text of [null, "", "2026-13-40", "yesterday"]) expect(isDay(text)).toBe(false);
});
