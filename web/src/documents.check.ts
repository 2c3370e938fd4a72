/** Holds every document of every page, and GraphiQL's examples, to the API's schema: what it asks exists, and its scope may read it. */

import { readFileSync } from "node:fs";
import {
  buildSchema,
  parse,
  TypeInfo,
  validate,
  visit,
  visitWithTypeInfo,
  type DocumentNode,
  type GraphQLField,
} from "graphql";
import { expect, test } from "vitest";
import { EXAMPLES } from "./graphiql/examples.ts";
import { readersOf } from "./graphiql/schema.ts";

/** Who opens which page; what both portals share is for both. */
const SCOPES: Record<string, string[]> = {
  pay: ["PAYER"],
  portal: ["CLIENT"],
  paying: ["PAYER", "CLIENT"],
  app: ["INSPECTOR"],
};

const schema = buildSchema(readFileSync("../schema/schema.graphql", "utf8"));
const pages = import.meta.glob<Record<string, unknown>>("./*/**/documents.ts", { eager: true });

for (const [path, exported] of Object.entries(pages)) {
  const scopes = SCOPES[path.split("/")[1] ?? ""] ?? [];
  for (const [name, document] of Object.entries(exported)) {
    if (!isDocument(document)) continue;
    test(`${path} ${name}`, () => {
      expect(scopes, "SCOPES names who opens this page").not.toEqual([]);
      expect(problems(document, scopes)).toEqual([]);
    });
  }
}

for (const { scope, query } of EXAMPLES) {
  test(`GraphiQL's example ${query.split("\n")[0]}`, () => {
    expect(problems(parse(query), [scope])).toEqual([]);
  });
}

function problems(document: DocumentNode, scopes: string[]): string[] {
  const isFragment = document.definitions.every((each) => each.kind === "FragmentDefinition");
  const invalid = validate(schema, document).map((error) => error.message);
  return [...invalid.filter((message) => !(isFragment && message.endsWith("is never used."))), ...scopes.flatMap((scope) => unread(document, scope))];
}

/** The fields that the scope may not read, or that are deprecated. */
function unread(document: DocumentNode, scope: string): string[] {
  const found: string[] = [];
  const types = new TypeInfo(schema);
  visit(
    document,
    visitWithTypeInfo(types, {
      Field() {
        const field = types.getFieldDef();
        const parent = types.getParentType()?.name ?? "";
        if (!field || field.name.startsWith("__")) return;
        if (!scopesOf(field).includes(scope)) found.push(`${parent}.${field.name} is not for ${scope}.`);
        if (field.deprecationReason) found.push(`${parent}.${field.name} is deprecated: ${field.deprecationReason}`);
      },
    }),
  );
  return found;
}

function scopesOf(field: GraphQLField<unknown, unknown>): string[] {
  const readers = readersOf(field);
  return readers === "everybody" ? Object.values(SCOPES).flat() : readers;
}

function isDocument(exported: unknown): exported is DocumentNode {
  return typeof exported === "object" && exported !== null && "kind" in exported && exported.kind === "Document";
}
