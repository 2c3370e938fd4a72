/** What the client portal asks the API: one query, one subscription, and what a client does. */

import { graphql, type ResultOf } from "../shared/graphql.ts";

export const ClientInspection = graphql(`
  fragment ClientInspection on Inspection {
    id
    number
    propertyAddress
    scheduledAt
    status
    inspectorName
    paymentStatus
    company {
      name
      branding { logoUrl color textColor postalAddress phone email taxId }
    }
    total { amount formatted }
    settled { amount formatted }
    outstanding { amount formatted }
    primaryInvoice {
      id
      number
      status
      paymentStatus
      companyName
      notice
      documentUrl
      dueOn
      overdue
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
      payments { id status method }
    }
    invoices {
      id
      kind
      status
      paymentStatus
      billedToName
      dueOn
      overdue
      total { formatted }
      remaining { amount formatted }
    }
    payments {
      id
      payerName
      method
      status
      amount { amount formatted }
      refunded { amount formatted }
      createdAt
      settledAt
    }
    report { url locked publishedAt }
    agreements { id version body current signedAt signedBy }
    people {
      id
      roleName
      person { id name }
    }
    grants { id kind personName issuedBy createdAt expiresAt revokedAt }
  }
`);

export const ClientPage = graphql(
  `
    query ClientPage {
      viewer {
        __typename
        ... on ClientViewer {
          guest
          person { id name }
          inspection { ...ClientInspection }
        }
      }
    }
  `,
  [ClientInspection],
);

export const ClientChanges = graphql(
  `
    subscription ClientChanges($inspectionId: ID!) {
      inspectionChanged(inspectionId: $inspectionId) { ...ClientInspection }
    }
  `,
  [ClientInspection],
);

export const SignAgreement = graphql(`
  mutation SignAgreement($input: SignAgreementInput!) {
    signAgreement(input: $input) {
      agreement { id }
      userErrors { code message }
    }
  }
`);

export const ShareClientPortal = graphql(`
  mutation ShareClientPortal($input: ShareClientPortalInput!) {
    shareClientPortal(input: $input) {
      url
      userErrors { code message }
    }
  }
`);

export const RevokeGrant = graphql(`
  mutation RevokeGrant($input: RevokeGrantInput!) {
    revokeGrant(input: $input) {
      grant { id }
      userErrors { code message }
    }
  }
`);

export type Inspection = ResultOf<typeof ClientInspection>;
export type Grant = Inspection["grants"][number];
