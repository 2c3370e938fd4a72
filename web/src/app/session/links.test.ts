/** Which addresses are links that staff got by mail. */

import { expect, test } from "vitest";
import { staffLinkOf } from "./links.ts";

test("links are told from screens", () => {
  expect(staffLinkOf("#invitation=abc_-1")).toEqual({ kind: "invitation", token: "abc_-1" });
  expect(staffLinkOf("#reset=abc")).toEqual({ kind: "reset", token: "abc" });
  for (const hash of ["", "#", "#/jobs", "#reset=", "#/jobs?search=reset=x"]) expect(staffLinkOf(hash)).toBeNull();
});
