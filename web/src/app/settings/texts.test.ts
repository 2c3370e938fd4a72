/** Lists and samples in the settings. */

import { expect, test } from "vitest";
import { daysOf, filled, linesOf } from "./texts.ts";

test("days are read however they are parted", () => {
  expect(daysOf("3, 7,14")).toEqual([3, 7, 14]);
  expect(daysOf("")).toEqual([]);
  expect(daysOf("3 soon")).toEqual([3, 0]);
});

test("names are read line by line", () => {
  expect(linesOf(" Attorney \n\nLender\n")).toEqual(["Attorney", "Lender"]);
});

test("a sample fills what is known, and leaves the rest to be seen", () => {
  expect(filled("{{company_name}}: {{ amount }} for {{nobody}}", { company_name: "Lakeside" })).toBe(
    "Lakeside: $450.00 for {{nobody}}",
  );
});
