/** What is said of a fixed amount while it is typed. */

import { expect, test } from "vitest";
import { excess } from "./limit.ts";

const LIMIT = { amount: "450.00", formatted: "$450.00" };

test("only what is above the limit is said to be", () => {
  for (const typed of ["", "4", "450", "450.00", "449.", "x", "-1", "1e9"]) expect(excess(typed, LIMIT)).toBeNull();
  for (const typed of ["450.01", "451", " 500 "]) expect(excess(typed, LIMIT)).toBe("Fixed amount cannot exceed $450.00");
});
