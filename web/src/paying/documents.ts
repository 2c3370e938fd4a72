/** Paying, as payers and clients do it. */

import { graphql } from "../shared/graphql.ts";

export const StartPayment = graphql(`
  mutation StartPayment($input: StartPaymentInput!) {
    startPayment(input: $input) {
      checkoutUrl
      userErrors { code message }
    }
  }
`);
