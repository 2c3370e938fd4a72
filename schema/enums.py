"""The API's enums: the rules' and models' own, with a description for every value."""

from enum import StrEnum
from typing import TypeVar

import strawberry

import models
from rules.automations import TRIGGERS
from rules.errors import ErrorCode
from rules.mails import MAILS
from rules.notices import NoticeCode
from rules.roles import PersonRole
from rules.states import (
    EmailStatus,
    InvoiceKind,
    InvoiceStatus,
    PaymentMethod,
    PaymentState,
    PaymentStatus,
    RefundDisposition,
    RefundStatus,
)

Choice = TypeVar("Choice", bound=StrEnum)


def describe(enum: type[Choice], description: str, **values: str) -> type[Choice]:
    """Declare `enum` to the API. Raises KeyError for a value without a description."""
    declared = strawberry.enum(enum, description=description)
    for value in declared.__strawberry_definition__.values:  # type: ignore[attr-defined]
        value.description = values[value.name]
    return declared


describe(
    models.StripeStatus,
    "Whether a company's Stripe account can take payments.",
    NOT_CONNECTED="No account yet.",
    PENDING="Onboarding is not finished, or Stripe restricted the account.",
    READY="Able to charge.",
    DISCONNECTED="Revoked, rejected, closed or disconnected by the owner; the reason says which.",
)
describe(
    models.UserRole,
    "What a staff member may do.",
    OWNER="Also changes the company's settings.",
    INSPECTOR="Works with inspections and payments.",
)
describe(
    PersonRole,
    "A person's place in the People box.",
    CLIENT="Who ordered the inspection.",
    BUYERS_AGENT="The buyer's agent.",
    LISTING_AGENT="The seller's agent.",
    ADDITIONAL="A role that the company named itself.",
)
describe(
    models.InspectionStatus,
    "Whether the job is still to come.",
    SCHEDULED="Still to come.",
    COMPLETED="Done.",
    CANCELED="Called off.",
)
describe(
    models.LineItemKind,
    "What a charge is for.",
    SERVICE="A service.",
    ADD_ON="An extra to a service.",
    FEE="A fee added by hand.",
    DISCOUNT="A reduction: the only kind with a negative amount.",
)
describe(
    InvoiceKind,
    "Whom an invoice bills.",
    PRIMARY="The client; one per inspection.",
    SEPARATE="Somebody else, for their share.",
)
describe(
    InvoiceStatus,
    "The stage that an invoice is at.",
    DRAFT="Prepared; nobody was asked yet.",
    OPEN="To be paid.",
    PAID="Paid in full, or closed short.",
    VOID="Withdrawn; its share went back to the client.",
    UNCOLLECTIBLE="Written off.",
)
describe(
    PaymentStatus,
    "What payments, refunds and disputes add up to, in one word.",
    UNPAID="Something remains to be paid, and nothing is paid of it, whatever was given back before.",
    PARTIALLY_PAID="Something is paid, and something remains to be paid, whatever was given back before.",
    PROCESSING="Money is under way.",
    PAID="All is paid.",
    OVERPAID="More was paid than is owed.",
    PARTIALLY_REFUNDED="Nothing remains to be paid, and something was given back.",
    REFUNDED="Nothing remains to be paid, and all that was paid was given back.",
    DISPUTED="A payment is disputed at the payer's bank.",
    NOT_DUE="Nothing was paid and nothing is owed: it was withdrawn, or there are no charges.",
)
describe(
    PaymentMethod,
    "How money moved.",
    CARD="By card, through Stripe.",
    ACH="By bank debit, through Stripe.",
    CASH="In cash, recorded by hand.",
    CHECK="By check, recorded by hand.",
    OTHER="In another way.",
)
describe(
    PaymentState,
    "The stage that one payment is at.",
    CREATED="Begun here; Stripe has not been asked for a checkout yet.",
    REQUIRES_ACTION="Waiting for the payer at the checkout.",
    PROCESSING="Money is under way.",
    UNKNOWN="Stripe has not answered yet; it will be asked.",
    SUCCEEDED="Paid.",
    FAILED="Not paid.",
    CANCELED="Ended before it was paid.",
    DISPUTED="Disputed at the payer's bank.",
    LOST="The dispute was lost, and the money with it.",
    RETURNED="The bank took the money back.",
    RECORDED="Taken by hand.",
    REMOVED="Recorded by mistake, and struck out.",
)
describe(
    RefundStatus,
    "The stage that a refund is at.",
    REQUESTED="Begun here; Stripe has not answered yet.",
    PENDING="On its way back to the payer.",
    SUCCEEDED="Given back.",
    FAILED="Did not arrive; the money is ours again.",
    CANCELED="Called off.",
)
describe(
    RefundDisposition,
    "What a refund does to its invoice.",
    CREDIT="Credits it by the same amount, so that it stays paid.",
    REOPEN="Makes the amount due again.",
)
describe(
    models.EmailKind,
    "What a mail is about.",
    **{kind.name: properties.description for kind, properties in MAILS.items()},
)
describe(
    EmailStatus,
    "The stage that a mail is at.",
    QUEUED="Waiting to be sent.",
    SENDING="Being handed over.",
    RETRY="Not handed over yet; will be tried again.",
    ACCEPTED="The recipient's server took it.",
    FAILED="Refused, or all tries were spent.",
    UNCERTAIN="The connection broke while it was handed over: it may have arrived, so it is not sent again by itself.",
    CANCELED="Not needed any more before it was sent.",
)
describe(
    models.GrantKind,
    "The portal that a link opens.",
    CLIENT_PORTAL="The client portal of one inspection.",
    PAYMENT_PORTAL="The payment portal of one invoice.",
)
describe(
    models.GrantSource,
    "The way in which a link came to be.",
    INVOICE_EMAIL="In an invoice's mail.",
    INSPECTOR="Made by staff.",
    AUTOMATION="In an automation's mail.",
    CLIENT_SHARE="Shared from the client portal.",
)
describe(
    models.ActorKind,
    "The kind of principal who did something.",
    USER="A staff member.",
    CLIENT="Somebody in the client portal.",
    PAYER="Somebody in a payment portal.",
    SYSTEM="Inspectpay itself, often after an event at Stripe.",
)
describe(
    NoticeCode,
    "What a notice is about.",
    BELOW_MINIMUM_CHARGE="Less is left to pay than can be paid online; it can only be taken by hand.",
    FORMER_CLIENT_KEEPS_PORTAL="Whoever was billed before still has links to the client portal.",
    EMAIL_PUT_OFF="The recipient got many mails with a link within the hour, so this one goes out later.",
    LINKS_ENDED="The links that were mailed to the address before have ended; send what is still to be paid again.",
)
describe(
    ErrorCode,
    "Why something was refused.",
    UNAUTHENTICATED="No valid sign-in or link.",
    FORBIDDEN="Not readable with this scope.",
    NOT_FOUND="Absent, or not yours.",
    INVALID_INPUT="A value is not acceptable; the message says which and why.",
    INVALID_AMOUNT="Not an acceptable sum of money.",
    RATE_LIMITED="Too often; try later.",
    OPERATION_TOO_COMPLEX="The operation asks for too much at once.",
    MALFORMED_OPERATION="Not a valid GraphQL operation.",
    BUSY="Somebody else is changing the same thing; try again.",
    INTERNAL="A fault on our side.",
    IDEMPOTENCY_KEY_REUSED="The key came before with another input.",
    INVALID_EMAIL="Not one plain email address.",
    ALREADY_EXISTS="There is one already.",
    ROLE_NOT_ALLOWED="Not a role of this company.",
    CLIENT_REQUIRED="An inspection keeps its client.",
    PERSON_HAS_LIVE_INVOICE="The person still has an invoice to pay.",
    PERSON_HAS_NO_EMAIL="The person has no email address.",
    INSPECTION_CANCELED="The inspection was called off.",
    INSPECTION_HAS_LIVE_INVOICE="Somebody may still be asked to pay.",
    TOTAL_NEGATIVE="The total would fall below zero.",
    STRIPE_NOT_CONNECTED="The company's Stripe account can't charge.",
    DEFERRED_PAYMENTS_ENABLED="Not available while Deferred Payments is on.",
    NOTHING_TO_INVOICE="Everything is paid or invoiced already.",
    AMOUNT_EXCEEDS_INVOICEABLE="More than is left to invoice.",
    BELOW_MINIMUM_CHARGE="Less than can be charged.",
    PRIMARY_INVOICE_PAID="Something of the client's primary invoice is paid.",
    INVOICE_IS_PRIMARY="Not possible with the client's primary invoice.",
    INVOICE_NOT_DRAFT="Only possible with a draft.",
    INVOICE_NOT_SENDABLE="Not in a state to be sent.",
    INVOICE_NOT_VOIDABLE="Money was paid on it.",
    INVOICE_NOT_OPEN="Only possible with an open invoice.",
    INVOICE_NOT_PAYABLE="Takes no payment now, or not from this caller.",
    NOTIFICATIONS_DISABLED="Notifications are disabled on this inspection.",
    EMAIL_IN_PROGRESS="The mail is on its way already.",
    AMOUNT_EXCEEDS_REMAINING="More than remains to be paid.",
    AMOUNT_EXCEEDS_REFUNDABLE="More than can be given back.",
    PAYMENT_IN_PROGRESS="A payment is under way.",
    PAYMENT_NOT_CANCELABLE="Too late to cancel.",
    PAYMENT_NOT_REMOVABLE="Only payments recorded by hand can be removed.",
    PAYMENT_NOT_REFUNDABLE="Nothing to give back.",
    PAYMENT_PROVIDER_UNAVAILABLE="The payment provider can't be reached; try again.",
    PAYMENT_PROVIDER_REFUSED="The payment provider refused.",
    OWNER_REQUIRED="Only the company's owner may do this.",
    PERSISTED_DOCUMENT_NOT_FOUND="No trusted document has this id.",
    PERSISTED_DOCUMENT_REQUIRED="This server runs trusted documents alone: send a documentId.",
    LAST_OWNER="The company needs another active owner first.",
    WRONG_PASSWORD="The current password is wrong.",  # noqa: S106 - a code, not a password
    WRONG_CODE="The code of the second factor is wrong, or was used already.",
    SECOND_FACTOR_REQUIRED="The password is right; sign in with a code of the second factor too.",
    SECOND_FACTOR_SETUP_REQUIRED="The company demands a second factor: set one up, and sign in with its code.",
    INVOICES_ARE_LIVE="Separate invoices are live.",
    AGREEMENT_NOT_CURRENT="There is a newer version.",
    ADVANCED_AUTOMATIONS_REQUIRED="Needs advanced automations.",
)
describe(
    models.AutomationTier,
    "Where an automation comes from.",
    BASE="Built in, one for each trigger.",
    ADVANCED="The company's own.",
)
describe(
    models.AutomationTrigger,
    "What an automation waits for.",
    **{trigger.name: properties.description for trigger, properties in TRIGGERS.items()},
)
describe(
    models.AutomationLink,
    "What the link in an automation's mail opens.",
    NONE="There is none.",
    CLIENT_PORTAL="The client portal of the inspection.",
    REPORT="The report, in the client portal.",
)
