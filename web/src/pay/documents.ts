/** What the payment portal asks the API: one query and one subscription. */

import { graphql, type ResultOf } from "../shared/graphql.ts";

export const PayerInvoice = graphql(`
  fragment PayerInvoice on Invoice {
    id
    number
    status
    paymentStatus
    revision
    companyName
    branding { logoUrl color textColor postalAddress phone email taxId }
    propertyAddress
    billedToName
    lines {
      id
      description
      amount { formatted }
    }
    total { formatted }
    credited { amount formatted }
    settled { amount formatted }
    inFlight { amount formatted }
    remaining { amount formatted }
    overpaid { amount formatted }
    notice
    documentUrl
    dueOn
    overdue
    sentAt
    paidAt
    voidedAt
    payments {
      id
      method
      status
      amount { amount formatted }
      refunded { amount formatted }
      createdAt
      settledAt
      failureMessage
      cardBrand
      cardLast4
    }
  }
`);

export const PayerPage = graphql(
  `
    query PayerPage {
      viewer {
        __typename
        ... on PayerViewer {
          invoice { ...PayerInvoice }
        }
      }
    }
  `,
  [PayerInvoice],
);

export const PayerChanges = graphql(
  `
    subscription PayerChanges($invoiceId: ID!) {
      invoiceChanged(invoiceId: $invoiceId) { ...PayerInvoice }
    }
  `,
  [PayerInvoice],
);

export type Invoice = ResultOf<typeof PayerInvoice>;
