/** What can be read on a colour. */

import { expect, test } from "vitest";
import { readableOn } from "./colors.ts";

test("what contrasts more is written on a colour", () => {
  for (const dark of ["#000000", "#17527a", "#a3262b"]) expect(readableOn(dark)).toBe("#ffffff");
  for (const light of ["#ffffff", "#ffd84d", "#8cc4ea"]) expect(readableOn(light)).toBe("#000000");
});
