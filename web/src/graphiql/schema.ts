/** The schema as it was built, with what introspection leaves out: who may read each field. */

import { buildSchema, isObjectType, type GraphQLField, type GraphQLSchema } from "graphql";
import sdl from "../../../schema/schema.graphql?raw";

/** The scopes that may read a field, as its directives say; everybody, where it is public. */
export function readersOf(field: GraphQLField<unknown, unknown>): string[] | "everybody" {
  const directives = field.astNode?.directives ?? [];
  if (directives.some((directive) => directive.name.value === "public")) return "everybody";
  const scopes = directives.find((directive) => directive.name.value === "requiresScopes")?.arguments?.[0]?.value;
  if (scopes?.kind !== "ListValue") return [];
  return scopes.values.flatMap((either) =>
    either.kind === "ListValue" ? either.values.flatMap((each) => (each.kind === "StringValue" ? [each.value] : [])) : [],
  );
}

export function documentedSchema(): GraphQLSchema {
  const schema = buildSchema(sdl);
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith("__")) continue;
    for (const field of Object.values(type.getFields())) {
      const readers = readersOf(field);
      const words = readers === "everybody" ? "everybody, without a token" : readers.join(", ");
      field.description = `${field.description ?? ""}\n\n*For ${words}.*`;
    }
  }
  return schema;
}
