/** `graphql(…)`: documents typed by the API's schema, so that a change which breaks a page fails `make check`. */

import { initGraphQLTada } from "gql.tada";
import type { introspection } from "./schema-types.d.ts";

export const graphql = initGraphQLTada<{
  introspection: introspection;
  disableMasking: true;
  scalars: { DateTime: string; Date: string; Decimal: string; CurrencyCode: string };
}>();

export type { FragmentOf, ResultOf, VariablesOf } from "gql.tada";
