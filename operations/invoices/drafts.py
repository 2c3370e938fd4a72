"""Separate invoices: splitting off a part of the charges, and editing drafts."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from gateways.stripe import StripeGateway
from models import Company, Inspection, InspectionPerson, InspectionStatus, Invoice, StripeStatus
from operations.audit_log import record
from operations.currencies import currency_of
from operations.idempotency import KeyedCommand, claim
from operations.invoices.invoice_emails import AS_PREPARED, EmailDraft, check_draft, queue_invoice_mail
from operations.invoices.splits import InvoiceSplit, check_split, split_lines
from operations.ledger.billed_names import find_bill_to
from operations.ledger.inspection_ledger import InspectionLedger, lock_ledger_with
from operations.ledger.invoice_lines import write_lines
from operations.ledger.posting import post
from operations.payments.checkout_expiry import with_checkouts_expired
from operations.transactions import transaction, unit_of_work
from rules.access import Principal
from rules.checks import Checks
from rules.errors import ErrorCode, NotFound, Refusal
from rules.identifiers import new_id
from rules.states import InvoiceKind, InvoiceStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class AddInvoice(KeyedCommand):
    """Bill somebody in the People box for a part of what is owed, as a draft or, with `send`, at once."""

    operation: ClassVar[str] = "addInvoice"
    inspection_id: UUID
    inspection_person_id: UUID
    split: InvoiceSplit
    draft: EmailDraft = AS_PREPARED
    send: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateInvoice:
    """Change a draft; None keeps what is."""

    invoice_id: UUID
    inspection_person_id: UUID | None
    split: InvoiceSplit | None
    draft: EmailDraft


def refusal_to_invoice(company: Company, inspection: Inspection, *, invoiceable: int) -> Refusal | None:
    """Why a separate invoice can't be added now, if so (S2, S3, S42)."""
    if company.stripe_status is not StripeStatus.READY:
        return Refusal(
            "Connect a Stripe account that can take payments before billing others.",
            code=ErrorCode.STRIPE_NOT_CONNECTED,
        )
    if company.deferred_payments_enabled:
        return Refusal(
            "Separate invoices are not available while Deferred Payments is on.",
            code=ErrorCode.DEFERRED_PAYMENTS_ENABLED,
        )
    if inspection.status is InspectionStatus.CANCELED:
        return Refusal("The inspection is canceled.", code=ErrorCode.INSPECTION_CANCELED)
    if invoiceable == 0:
        return Refusal("Everything is paid or on another invoice already.", code=ErrorCode.NOTHING_TO_INVOICE)
    return None


async def add_invoice(principal: Principal, command: AddInvoice, *, stripe: StripeGateway) -> UUID:
    """Split off a part of what is owed as a draft, or sent at once; returns the invoice's key.

    The part is reserved when this commits, so that two invoices can never together exceed what is owed.
    """
    return await with_checkouts_expired(lambda: _add(principal, command), stripe=stripe)


@transaction
async def _add(principal: Principal, command: AddInvoice) -> UUID:
    split = command.split
    with Checks() as check:
        with check.at():
            claimed = await claim(principal, command)
            if claimed.first_result:
                return claimed.first_result
        draft = check(check_draft, command.draft)
        with check.at():
            ledger = await _lock_ledger(principal, command.inspection_id, split)
            with check.at():
                bill_to = await _bill_to(command.inspection_id, command.inspection_person_id)
            _refuse_unavailable(ledger, split)
            lines = split_lines(ledger, split, own={})
    invoice = _new_draft(ledger, bill_to, by_services=split.line_item_ids is not None, draft=draft)
    _move_from_primary(ledger, invoice, lines)
    after = {"number": invoice.number, "total_minor": sum(lines.values()), "billed_to": bill_to.role_name}
    await record(ledger.inspection, "invoice.added", invoice.id, by=principal, after=after)
    await post(ledger)
    if command.send:
        await queue_invoice_mail(ledger, invoice, draft, by=principal, field="send", bill_to_field="inspectionPersonId")
    claimed.keep(invoice.id)
    return invoice.id


async def _lock_ledger(principal: Principal, inspection_id: UUID, split: InvoiceSplit) -> InspectionLedger:
    """The inspection's ledger; where there is none, what no inspection could be split by is refused too."""
    with Checks() as check:
        try:
            return await lock_ledger_with(Inspection, inspection_id, by=principal)
        except NotFound:
            check(check_split, split, await currency_of(principal))
            raise


def _refuse_unavailable(ledger: InspectionLedger, split: InvoiceSplit) -> None:
    refusal = refusal_to_invoice(ledger.company, ledger.inspection, invoiceable=ledger.primary.remaining_minor)
    if refusal is None:
        return
    if refusal.code is ErrorCode.NOTHING_TO_INVOICE and split.fixed_amount is not None:
        return  # The amount is refused with its limit, $0.00, which says more (S43).
    raise refusal


async def _bill_to(inspection_id: UUID, inspection_person_id: UUID) -> InspectionPerson:
    """Somebody in the People box (S6, S7); everybody in it is eligible (S8)."""
    bill_to = await find_bill_to(inspection_id, inspection_person_id)
    if bill_to is None:
        raise NotFound("InspectionPerson", field=("inspectionPersonId",))
    return bill_to


def _new_draft(ledger: InspectionLedger, bill_to: InspectionPerson, *, by_services: bool, draft: EmailDraft) -> Invoice:
    inspection = ledger.inspection
    inspection.invoice_count += 1
    invoice = Invoice(
        id=new_id(),
        company_id=ledger.company.id,
        inspection_id=inspection.id,
        billed_to_id=bill_to.id,
        number=f"{inspection.number}-{inspection.invoice_count}",
        kind=InvoiceKind.SEPARATE,
        status=InvoiceStatus.DRAFT,
        by_services=by_services,
        company_name=ledger.company.name,
        property_address=inspection.property_address,
        billed_to_name=bill_to.person.name,
        currency=inspection.currency,
        prepared_subject=draft.subject,
        prepared_message=draft.message,
    )
    ledger.invoices.append(invoice)
    unit_of_work().add(invoice)
    return invoice


def _move_from_primary(ledger: InspectionLedger, invoice: Invoice, lines: dict[UUID, int]) -> None:
    held = {line.line_item_id: line.amount_minor for line in ledger.lines_of(ledger.primary)}
    for line in ledger.lines_of(invoice):
        held[line.line_item_id] = held.get(line.line_item_id, 0) + line.amount_minor
    left = {item: amount - lines.get(item, 0) for item, amount in held.items()}
    write_lines(ledger, invoice, lines)
    write_lines(ledger, ledger.primary, {item: amount for item, amount in left.items() if amount})


async def update_invoice(principal: Principal, command: UpdateInvoice, *, stripe: StripeGateway) -> UUID:
    """Change a draft: what it bills, who is billed, or the mail that is prepared for it. Returns its key."""
    return await with_checkouts_expired(lambda: _update(principal, command), stripe=stripe)


@transaction
async def _update(principal: Principal, command: UpdateInvoice) -> UUID:
    split = command.split
    with Checks() as check:
        draft = check(check_draft, command.draft)
        with check.at():
            ledger, invoice = await _lock_draft(principal, command.invoice_id, split)
            bill_to = None
            if command.inspection_person_id is not None:
                with check.at():
                    bill_to = await _bill_to(ledger.inspection.id, command.inspection_person_id)
            lines = None
            if split is not None:
                own = {line.line_item_id: line.amount_minor for line in ledger.lines_of(invoice)}
                lines = split_lines(ledger, split, own=own)
    before = {"total_minor": invoice.total_minor, "billed_to": invoice.billed_to_name}
    if bill_to is not None:
        invoice.billed_to_id, invoice.billed_to_name = bill_to.id, bill_to.person.name
    if split is not None and lines is not None:
        _move_from_primary(ledger, invoice, lines)
        invoice.by_services = split.line_item_ids is not None
    invoice.prepared_subject = draft.subject or invoice.prepared_subject
    invoice.prepared_message = draft.message or invoice.prepared_message
    await post(ledger)
    after = {"total_minor": invoice.total_minor, "billed_to": invoice.billed_to_name}
    await record(ledger.inspection, "invoice.updated", invoice.id, by=principal, before=before, after=after)
    return invoice.id


async def _lock_draft(
    principal: Principal, invoice_id: UUID, split: InvoiceSplit | None
) -> tuple[InspectionLedger, Invoice]:
    """The ledger with the draft to edit; what no invoice could be split by is refused too."""
    with Checks() as check:
        if split is not None:
            check(check_split, split, await currency_of(principal))
        ledger, invoice = await lock_ledger_of(principal, invoice_id)
        if invoice.status is not InvoiceStatus.DRAFT:
            raise Refusal(
                f"Only a draft can be edited; invoice {invoice.number} is {invoice.status.lower()}.",
                field=("invoiceId",),
                code=ErrorCode.INVOICE_NOT_DRAFT,
            )
    return ledger, invoice


async def lock_ledger_of(principal: Principal, invoice_id: UUID) -> tuple[InspectionLedger, Invoice]:
    """The ledger that holds a separate invoice that the principal may see."""
    ledger = await lock_ledger_with(Invoice, invoice_id, by=principal)
    invoice = ledger.invoice(invoice_id)
    if invoice.kind is InvoiceKind.PRIMARY:
        raise Refusal(
            "The client's primary invoice follows the line items; it is never edited, sent or voided.",
            field=("invoiceId",),
            code=ErrorCode.INVOICE_IS_PRIMARY,
        )
    return ledger, invoice
