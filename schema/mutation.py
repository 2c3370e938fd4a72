"""The root of writing: one line for each verb."""

import strawberry

import resolvers.mutations as resolve
from resolvers import companies
from schema import inputs
from schema.messaging import Messaging
from schema.mutations import mutation
from schema.payloads import (
    AgreementPayload,
    CompanyPayload,
    ConnectStripePayload,
    GrantPayload,
    InspectionPayload,
    InspectionPersonPayload,
    InvoicePayload,
    LineItemPayload,
    PaymentLinkPayload,
    PaymentPayload,
    PersonPayload,
    RefundPayload,
    SessionPayload,
    SignOutPayload,
    StartPaymentPayload,
    UserPayload,
)
from schema.shown import CLIENT, INSPECTOR, PAYER


@strawberry.type(description="Writing. Refusals come back in the payload's userErrors, and then nothing was changed.")
class Mutation(Messaging):
    sign_in = mutation(
        companies.sign_in,
        takes=inputs.SignInInput,
        returns=SessionPayload,
        description="Begin a session with email and password. In 15 minutes an account may fail 5 times from one "
        "address and 50 times in all, and an address 50 times with any accounts; then `retryAfterSeconds` says how "
        "long to wait.",
    )
    refresh_session = mutation(
        companies.refresh_session,
        takes=inputs.RefreshSessionInput,
        returns=SessionPayload,
        description="New tokens for a refresh token, once. Two tabs may use one within ten seconds, and each gets "
        "tokens of its own; using it again later ends the session.",
    )
    sign_out = mutation(
        companies.sign_out,
        INSPECTOR,
        takes=inputs.SignOutInput,
        returns=SignOutPayload,
        description="End the caller's session at once.",
    )
    create_inspection = mutation(
        resolve.create_inspection,
        INSPECTOR,
        takes=inputs.CreateInspectionInput,
        returns=InspectionPayload,
        description="Create an inspection with its People box, charges and primary invoice.",
    )
    update_inspection = mutation(
        resolve.update_inspection,
        INSPECTOR,
        takes=inputs.UpdateInspectionInput,
        returns=InspectionPayload,
        description="Change an inspection. The address on sent invoices stays as it was.",
    )
    cancel_inspection = mutation(
        resolve.cancel_inspection,
        INSPECTOR,
        takes=inputs.CancelInspectionInput,
        returns=InspectionPayload,
        description="Call an inspection off; refused while a separate invoice is live.",
    )
    create_person = mutation(
        resolve.create_person,
        INSPECTOR,
        takes=inputs.CreatePersonInput,
        returns=PersonPayload,
        description="Add a person to the company.",
    )
    update_person = mutation(
        resolve.update_person,
        INSPECTOR,
        takes=inputs.UpdatePersonInput,
        returns=PersonPayload,
        description="Change a person. A new name shows on their invoices that are not yet paid; mails, payments and"
        " paid invoices keep what they were made with.",
    )
    add_inspection_person = mutation(
        resolve.add_inspection_person,
        INSPECTOR,
        takes=inputs.AddInspectionPersonInput,
        returns=InspectionPersonPayload,
        description="Put somebody into a People box.",
    )
    remove_inspection_person = mutation(
        resolve.remove_inspection_person,
        INSPECTOR,
        takes=inputs.RemoveInspectionPersonInput,
        returns=InspectionPayload,
        description="Take somebody out of a People box; refused while an invoice of theirs is live.",
    )
    set_primary_client = mutation(
        resolve.set_primary_client,
        INSPECTOR,
        takes=inputs.SetPrimaryClientInput,
        returns=InspectionPayload,
        description="Bill another CLIENT of the People box on the primary invoice; refused once something of it is paid"
        " or under way. The one billed before stays in the box, with the links they have.",
    )
    add_line_item = mutation(
        resolve.add_line_item,
        INSPECTOR,
        takes=inputs.AddLineItemInput,
        returns=LineItemPayload,
        description="Add a charge; what may be invoiced rises by its amount.",
    )
    update_line_item = mutation(
        resolve.update_line_item,
        INSPECTOR,
        takes=inputs.UpdateLineItemInput,
        returns=LineItemPayload,
        description="Change a charge; drafts and the primary invoice follow.",
    )
    remove_line_item = mutation(
        resolve.remove_line_item,
        INSPECTOR,
        takes=inputs.RemoveLineItemInput,
        returns=InspectionPayload,
        description="Remove a charge; drafts and the primary invoice follow.",
    )
    set_notifications_disabled = mutation(
        resolve.set_notifications_disabled,
        INSPECTOR,
        takes=inputs.SetNotificationsDisabledInput,
        returns=InspectionPayload,
        description="Stop or resume all automatic mails about an inspection.",
    )
    add_invoice = mutation(
        resolve.add_invoice,
        INSPECTOR,
        takes=inputs.AddInvoiceInput,
        returns=InvoicePayload,
        description="Split off a share of what is owed: as a draft, or sent at once.",
    )
    update_invoice = mutation(
        resolve.update_invoice,
        INSPECTOR,
        takes=inputs.UpdateInvoiceInput,
        returns=InvoicePayload,
        description="Change a draft.",
    )
    send_invoice = mutation(
        resolve.send_invoice,
        INSPECTOR,
        takes=inputs.SendInvoiceInput,
        returns=InvoicePayload,
        description="Mail an invoice to the one party it bills; sends again what is open.",
    )
    void_invoice = mutation(
        resolve.void_invoice,
        INSPECTOR,
        takes=inputs.VoidInvoiceInput,
        returns=InvoicePayload,
        description="Withdraw an invoice nothing was paid on; its share goes back to the client.",
    )
    close_invoice_short = mutation(
        resolve.close_invoice_short,
        INSPECTOR,
        takes=inputs.CloseInvoiceShortInput,
        returns=InvoicePayload,
        description="Be content with what was paid: the rest goes back to the client.",
    )
    mark_invoice_uncollectible = mutation(
        resolve.mark_invoice_uncollectible,
        INSPECTOR,
        takes=inputs.MarkInvoiceUncollectibleInput,
        returns=InvoicePayload,
        description="Write an open invoice off; money that still comes in is taken.",
    )
    create_payment_link = mutation(
        resolve.create_payment_link,
        INSPECTOR,
        takes=inputs.CreatePaymentLinkInput,
        returns=PaymentLinkPayload,
        description="Make a link to an invoice's payment portal; opens a draft.",
    )
    start_payment = mutation(
        resolve.start_payment,
        CLIENT,
        PAYER,
        takes=inputs.StartPaymentInput,
        returns=StartPaymentPayload,
        description="Begin paying an invoice at Stripe's checkout.",
    )
    cancel_payment = mutation(
        resolve.cancel_payment,
        INSPECTOR,
        CLIENT,
        PAYER,
        takes=inputs.CancelPaymentInput,
        returns=PaymentPayload,
        description="End an attempt, so that its checkout can't be paid any more.",
    )
    record_payment = mutation(
        resolve.record_payment,
        INSPECTOR,
        takes=inputs.RecordPaymentInput,
        returns=PaymentPayload,
        description="Book money that was taken by hand, on an invoice or an inspection's primary one; opens a draft.",
    )
    remove_payment = mutation(
        resolve.remove_payment,
        INSPECTOR,
        takes=inputs.RemovePaymentInput,
        returns=PaymentPayload,
        description="Strike out a payment that was recorded by hand; the audit trail keeps it.",
    )
    refund_payment = mutation(
        resolve.refund_payment,
        INSPECTOR,
        takes=inputs.RefundPaymentInput,
        returns=RefundPayload,
        description="Give money back to the one who paid, in full or in part.",
    )
    sign_agreement = mutation(
        resolve.sign_agreement,
        CLIENT,
        takes=inputs.SignAgreementInput,
        returns=AgreementPayload,
        description="Sign the current version of an agreement; for the client, not for whom they shared with.",
    )
    share_client_portal = mutation(
        resolve.share_client_portal,
        INSPECTOR,
        CLIENT,
        takes=inputs.ShareClientPortalInput,
        returns=GrantPayload,
        description="Make a link to the client portal. What a client shares reads and pays, shares no further, and "
        "ends with the client's own link.",
    )
    revoke_grant = mutation(
        resolve.revoke_grant,
        INSPECTOR,
        CLIENT,
        takes=inputs.RevokeGrantInput,
        returns=GrantPayload,
        description="End a link at once, and those that were shared from it.",
    )
    update_company = mutation(
        companies.update_company,
        INSPECTOR,
        takes=inputs.UpdateCompanyInput,
        returns=CompanyPayload,
        description="Change the company's settings; for its owner.",
    )
    connect_stripe = mutation(
        companies.connect_stripe,
        INSPECTOR,
        takes=inputs.ConnectStripeInput,
        returns=ConnectStripePayload,
        description="Begin, or go on, connecting a Stripe account; for the owner. One that was disconnected, or that"
        " Stripe shows us again, is taken up again; where Stripe no longer shows it, a new one is begun.",
    )
    disconnect_stripe = mutation(
        companies.disconnect_stripe,
        INSPECTOR,
        takes=inputs.DisconnectStripeInput,
        returns=CompanyPayload,
        description="Stop taking payments on the company's Stripe account; for the owner. Checkouts that are open can"
        " be paid until they end, and what they bring is booked; past payments can still be refunded.",
    )
    refresh_stripe_connection = mutation(
        companies.refresh_stripe_connection,
        INSPECTOR,
        takes=inputs.RefreshStripeConnectionInput,
        returns=CompanyPayload,
        description="Ask Stripe whether the account can charge now; for the owner.",
    )
    create_user = mutation(
        companies.create_user,
        INSPECTOR,
        takes=inputs.CreateUserInput,
        returns=UserPayload,
        description="Add a staff member; for the owner.",
    )
