/** What the list of jobs asks for. */

import { expect, test } from "vitest";
import { askingOf, PAGE_SIZE } from "./asking.ts";

const asking = (query: string) => askingOf(new URLSearchParams(query));

test("without anything said, the latest come first", () => {
  expect(asking("")).toEqual({ filter: {}, orderBy: { field: "DATE", direction: "DESC" }, first: PAGE_SIZE, after: null });
});

test("what is said becomes a filter, and what is not known is left out", () => {
  expect(asking("search=+12+Lake+&owed=outstanding&status=COMPLETED").filter).toEqual({
    search: "12 Lake",
    outstanding: true,
    status: "COMPLETED",
  });
  expect(asking("owed=overdue&order=NAME-ASC")).toMatchObject({
    filter: { overdue: true },
    orderBy: { field: "NAME", direction: "ASC" },
  });
  expect(asking("owed=PARTIALLY_PAID").filter).toEqual({ paymentStatus: "PARTIALLY_PAID" });
  expect(asking("owed=LUNCH&status=LUNCH&order=LUNCH").filter).toEqual({});
});

test("pages go both ways", () => {
  expect(asking("after=x")).toMatchObject({ first: PAGE_SIZE, after: "x" });
  expect(asking("before=y")).toMatchObject({ last: PAGE_SIZE, before: "y" });
});
