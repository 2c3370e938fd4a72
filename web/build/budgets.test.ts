import { expect, test } from "vitest";
import { firstLoad } from "./budgets.ts";

const chunk = (fileName: string, imports: string[]) => ({
  fileName,
  imports,
  code: `export const ${fileName} = 1;`,
  isEntry: false,
  facadeModuleId: null,
});

test("what a page loads first is itself and all that it imports, each once", () => {
  const chunks = [chunk("page", ["a", "b"]), chunk("a", ["b"]), chunk("b", ["a"]), chunk("other", [])];
  const byName = new Map(chunks.map((each) => [each.fileName, each]));
  const alone = (name: string) => firstLoad(chunk(name, []), new Map([[name, chunk(name, [])]]));
  expect(firstLoad(chunk("page", ["a", "b"]), byName)).toBe(alone("page") + alone("a") + alone("b"));
});
