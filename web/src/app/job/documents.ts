/** One job: all that its screen shows, by one query and one subscription, and what can be done with it. */

import { graphql, type ResultOf } from "../../shared/graphql.ts";

export const Job = graphql(`
  fragment Job on Inspection {
    id
    number
    propertyAddress
    scheduledAt
    status
    inspectorName
    paymentStatus
    overdue
    notificationsDisabled
    total { formatted }
    settled { amount formatted }
    inFlight { amount formatted }
    remaining { amount formatted }
    outstanding { amount formatted }
    unsent { amount formatted }
    writtenOff { amount formatted }
    people {
      id
      role
      roleName
      person { id name email phone }
    }
    lineItems {
      id
      kind
      description
      amount { amount formatted }
    }
    primaryInvoice { id }
    invoices {
      id
      number
      kind
      status
      paymentStatus
      revision
      billedToName
      billedTo { id roleName person { email } }
      lines { id description amount { formatted } }
      total { formatted }
      credited { amount formatted }
      settled { amount formatted }
      inFlight { amount formatted }
      remaining { amount formatted }
      overpaid { amount formatted }
      sentAt
      dueOn
      overdue
      documentUrl
      notice
    }
    payments {
      id
      payerName
      payerRoleName
      method
      status
      cardBrand
      cardLast4
      failureMessage
      reference
      amount { amount formatted }
      refunded { amount formatted }
      refundable { amount formatted }
      createdAt
      settledAt
      invoice { id number }
      refunds {
        id
        status
        disposition
        amount { formatted }
        createdAt
        reason
        failureMessage
      }
    }
    agreements { id version current signedAt signedBy total { formatted } }
    report { url publishedAt locked }
    grants { id kind personName issuedBy createdAt expiresAt revokedAt }
    emails { id kind to subject status attempts lastError queuedAt acceptedAt }
    events { id name actorName createdAt }
    invoicing {
      available
      refusal { message }
      invoiceable { amount formatted }
      people { id }
      services {
        lineItem { id description }
        invoiceable { amount formatted }
      }
    }
  }
`);

export const JobPage = graphql(
  `
    query JobPage($id: ID!) {
      inspection(id: $id) { ...Job }
      services { id name kind active amount { amount formatted } }
    }
  `,
  [Job],
);

export const JobChanges = graphql(
  `
    subscription JobChanges($id: ID!) {
      inspectionChanged(inspectionId: $id) { ...Job }
    }
  `,
  [Job],
);

export const MailPreview = graphql(`
  query MailPreview($id: ID!, $subject: String, $message: String) {
    invoice(id: $id) {
      id
      emailPreview(subject: $subject, message: $message) { to subject message text }
    }
  }
`);

export const KnownPeople = graphql(`
  query KnownPeople($search: String) {
    people(search: $search, first: 10) { nodes { id name email } }
  }
`);

export const AddInvoice = graphql(`
  mutation AddInvoice($input: AddInvoiceInput!) {
    addInvoice(input: $input) {
      invoice { id number }
      userErrors { code message field }
      notices { message }
    }
  }
`);

export const SendInvoice = graphql(`
  mutation SendInvoice($input: SendInvoiceInput!) {
    sendInvoice(input: $input) {
      invoice { id }
      userErrors { code message field }
      notices { message }
    }
  }
`);

export const UpdateInvoice = graphql(`
  mutation UpdateInvoice($input: UpdateInvoiceInput!) {
    updateInvoice(input: $input) {
      userErrors { code message field }
      notices { message }
    }
  }
`);

export const UpdateDueDate = graphql(`
  mutation UpdateDueDate($input: UpdateInvoiceDueDateInput!) {
    updateInvoiceDueDate(input: $input) {
      userErrors { code message field }
      notices { message }
    }
  }
`);

export const VoidInvoice = graphql(`
  mutation VoidInvoice($input: VoidInvoiceInput!) {
    voidInvoice(input: $input) {
      userErrors { code message field }
      notices { message }
    }
  }
`);

export const CloseInvoiceShort = graphql(`
  mutation CloseInvoiceShort($input: CloseInvoiceShortInput!) {
    closeInvoiceShort(input: $input) {
      userErrors { code message field }
      notices { message }
    }
  }
`);

export const WriteOff = graphql(`
  mutation WriteOff($input: MarkInvoiceUncollectibleInput!) {
    markInvoiceUncollectible(input: $input) {
      userErrors { code message field }
      notices { message }
    }
  }
`);

export const CreatePaymentLink = graphql(`
  mutation CreatePaymentLink($input: CreatePaymentLinkInput!) {
    createPaymentLink(input: $input) {
      url
      userErrors { code message field }
      notices { message }
    }
  }
`);

export const RecordPayment = graphql(`
  mutation RecordPayment($input: RecordPaymentInput!) {
    recordPayment(input: $input) {
      userErrors { code message field }
      notices { message }
    }
  }
`);

export const RemovePayment = graphql(`
  mutation RemovePayment($input: RemovePaymentInput!) {
    removePayment(input: $input) {
      userErrors { code message field }
      notices { message }
    }
  }
`);

export const CancelPayment = graphql(`
  mutation CancelPayment($input: CancelPaymentInput!) {
    cancelPayment(input: $input) {
      userErrors { code message field }
      notices { message }
    }
  }
`);

export const RefundPayment = graphql(`
  mutation RefundPayment($input: RefundPaymentInput!) {
    refundPayment(input: $input) {
      userErrors { code message field }
      notices { message }
    }
  }
`);

export const AddLineItem = graphql(`
  mutation AddLineItem($input: AddLineItemInput!) {
    addLineItem(input: $input) {
      userErrors { code message field }
      notices { message }
    }
  }
`);

export const UpdateLineItem = graphql(`
  mutation UpdateLineItem($input: UpdateLineItemInput!) {
    updateLineItem(input: $input) {
      userErrors { code message field }
      notices { message }
    }
  }
`);

export const RemoveLineItem = graphql(`
  mutation RemoveLineItem($input: RemoveLineItemInput!) {
    removeLineItem(input: $input) {
      userErrors { code message field }
      notices { message }
    }
  }
`);

export const CreatePerson = graphql(`
  mutation CreatePerson($input: CreatePersonInput!) {
    createPerson(input: $input) {
      person { id name email }
      userErrors { code message field }
    }
  }
`);

export const UpdatePerson = graphql(`
  mutation UpdatePerson($input: UpdatePersonInput!) {
    updatePerson(input: $input) {
      sendAgain
      userErrors { code message field }
      notices { message }
    }
  }
`);

export const AddInspectionPerson = graphql(`
  mutation AddInspectionPerson($input: AddInspectionPersonInput!) {
    addInspectionPerson(input: $input) {
      userErrors { code message field }
      notices { message }
    }
  }
`);

export const RemoveInspectionPerson = graphql(`
  mutation RemoveInspectionPerson($input: RemoveInspectionPersonInput!) {
    removeInspectionPerson(input: $input) {
      userErrors { code message field }
      notices { message }
    }
  }
`);

export const SetPrimaryClient = graphql(`
  mutation SetPrimaryClient($input: SetPrimaryClientInput!) {
    setPrimaryClient(input: $input) {
      userErrors { code message field }
      notices { message }
    }
  }
`);

export const NotifyPerson = graphql(`
  mutation NotifyPerson($input: NotifyPersonInput!) {
    notifyPerson(input: $input) {
      userErrors { code message field }
      notices { message }
    }
  }
`);

export const SetNotificationsDisabled = graphql(`
  mutation SetNotificationsDisabled($input: SetNotificationsDisabledInput!) {
    setNotificationsDisabled(input: $input) {
      userErrors { code message field }
      notices { message }
    }
  }
`);

export const CancelInspection = graphql(`
  mutation CancelInspection($input: CancelInspectionInput!) {
    cancelInspection(input: $input) {
      userErrors { code message field }
      notices { message }
    }
  }
`);

export const UpdateInspection = graphql(`
  mutation UpdateInspection($input: UpdateInspectionInput!) {
    updateInspection(input: $input) {
      userErrors { code message field }
      notices { message }
    }
  }
`);

export const PublishReport = graphql(`
  mutation PublishReport($input: PublishReportInput!) {
    publishReport(input: $input) {
      userErrors { code message field }
      notices { message }
    }
  }
`);

export const UnlockReport = graphql(`
  mutation UnlockReport($input: UnlockReportInput!) {
    unlockReport(input: $input) {
      userErrors { code message field }
      notices { message }
    }
  }
`);

export const SharePortal = graphql(`
  mutation SharePortal($input: ShareClientPortalInput!) {
    shareClientPortal(input: $input) {
      url
      userErrors { code message field }
      notices { message }
    }
  }
`);

export const RevokeGrant = graphql(`
  mutation RevokeStaffGrant($input: RevokeGrantInput!) {
    revokeGrant(input: $input) {
      userErrors { code message field }
    }
  }
`);

export type Job = ResultOf<typeof Job>;
export type Invoice = Job["invoices"][number];
export type Payment = Job["payments"][number];
export type LineItem = Job["lineItems"][number];
export type Grant = Job["grants"][number];
export type Entry = Job["people"][number];
