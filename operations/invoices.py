"""Separate invoices: splitting what is owed, editing drafts, and ending invoices without payment."""

from uuid import UUID

from gateways.stripe import StripeGateway
from models import Company, Inspection, InspectionPerson, InspectionStatus, Invoice, StripeStatus
from models.visible import visible
from operations.attempts import ending_attempts
from operations.audit_trail import record
from operations.billed_names import hold_name
from operations.billing import write_lines
from operations.books import Books, close_books, open_books
from operations.currencies import currency_of
from operations.idempotency import claim, keep
from operations.sending import Letter, check_letter, queue_invoice_mail
from operations.shares import Share, check_share, share_lines
from operations.transactions import transaction
from rules.access import Principal
from rules.checks import Checks
from rules.errors import ErrorCode, NotFound, Refusal
from rules.identifiers import new_id
from rules.states import InvoiceKind, InvoiceStatus


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


async def add_invoice(
    principal: Principal,
    inspection_id: UUID,
    inspection_person_id: UUID,
    share: Share,
    *,
    letter: Letter,
    send: bool,
    idempotency_key: str | None,
    stripe: StripeGateway,
) -> UUID:
    """Split off a share of what is owed as a draft, or sent at once; returns the invoice's key.

    The share is reserved when this commits, so that two invoices can never together exceed what is owed.
    """
    return await ending_attempts(
        lambda: _add(
            principal,
            inspection_id,
            inspection_person_id,
            share,
            letter=letter,
            send=send,
            key=idempotency_key,
        ),
        stripe=stripe,
    )


@transaction
async def _add(
    principal: Principal,
    inspection_id: UUID,
    inspection_person_id: UUID,
    share: Share,
    *,
    letter: Letter,
    send: bool,
    key: str | None,
) -> UUID:
    given = {
        "inspection": inspection_id,
        "person": inspection_person_id,
        "items": share.line_item_ids,
        "amount": share.fixed_amount,
        "send": send,
        "subject": letter.subject,
        "message": letter.message,
    }
    with Checks() as check:
        with check.at():
            if first := await claim(principal, "addInvoice", key, given):
                return first
        letter = check(check_letter, letter)
        with check.at():
            books = await _opened(principal, inspection_id, share)
            with check.at():
                payee = await _payee(inspection_id, inspection_person_id)
            _refuse_unavailable(books, share)
            lines = share_lines(books, share, own={})
    invoice = await _insert_draft(books, payee, by_services=share.line_item_ids is not None, letter=letter)
    # From here on Deferred Payments waits for us (its check locks the company); it may have been turned on before.
    books.company = await Company.get(id=books.company.id)
    _refuse_unavailable(books, share)
    await _move_from_primary(books, invoice, lines)
    after = {"number": invoice.number, "total_minor": sum(lines.values()), "billed_to": payee.role_name}
    await record(books.inspection, "invoice.added", invoice.id, by=principal, after=after)
    await close_books(books)
    if send:
        await queue_invoice_mail(books, invoice, letter, by=principal, field="send", payee_field="inspectionPersonId")
    await keep(principal, "addInvoice", key, invoice.id)
    return invoice.id


async def _opened(principal: Principal, inspection_id: UUID, share: Share) -> Books:
    """The inspection's books; refuses with it what is wrong with the share of any inspection."""
    if await visible(Inspection, principal).filter(id=inspection_id).exists():
        return await open_books(inspection_id)
    with Checks() as check:
        check(check_share, share, await currency_of(principal))
        raise NotFound("Inspection", field=("inspectionId",))


def _refuse_unavailable(books: Books, share: Share) -> None:
    refusal = refusal_to_invoice(books.company, books.inspection, invoiceable=books.primary.remaining_minor)
    if refusal is None:
        return
    if refusal.code is ErrorCode.NOTHING_TO_INVOICE and share.fixed_amount is not None:
        return  # The amount is refused with its limit, $0.00, which says more (S43).
    raise refusal


async def _payee(inspection_id: UUID, inspection_person_id: UUID) -> InspectionPerson:
    """Somebody in the People box (S6, S7); everybody in it is eligible (S8)."""
    box = InspectionPerson.filter(inspection_id=inspection_id, removed_at=None)
    payee = await box.get_or_none(id=inspection_person_id)
    if payee is None:
        raise NotFound("InspectionPerson", field=("inspectionPersonId",))
    await hold_name(payee)
    return payee


async def _insert_draft(books: Books, payee: InspectionPerson, *, by_services: bool, letter: Letter) -> Invoice:
    inspection = books.inspection
    inspection.invoice_count += 1
    await Inspection.filter(id=inspection.id).update(invoice_count=inspection.invoice_count)
    invoice = await Invoice.create(
        id=new_id(),
        company_id=books.company.id,
        inspection_id=inspection.id,
        billed_to_id=payee.id,
        number=f"{inspection.number}-{inspection.invoice_count}",
        kind=InvoiceKind.SEPARATE,
        status=InvoiceStatus.DRAFT,
        by_services=by_services,
        company_name=books.company.name,
        property_address=inspection.property_address,
        billed_to_name=payee.person.name,
        currency=inspection.currency,
        prepared_subject=letter.subject,
        prepared_message=letter.message,
    )
    invoice.billed_to = payee
    books.invoices.append(invoice)
    return invoice


async def _move_from_primary(books: Books, invoice: Invoice, lines: dict[UUID, int]) -> None:
    held = {line.line_item_id: line.amount_minor for line in books.lines_of(books.primary)}
    for line in books.lines_of(invoice):
        held[line.line_item_id] = held.get(line.line_item_id, 0) + line.amount_minor
    left = {item: amount - lines.get(item, 0) for item, amount in held.items()}
    await write_lines(books, invoice, lines)
    await write_lines(books, books.primary, {item: amount for item, amount in left.items() if amount})


async def update_invoice(
    principal: Principal,
    invoice_id: UUID,
    share: Share | None,
    *,
    inspection_person_id: UUID | None,
    letter: Letter,
    stripe: StripeGateway,
) -> UUID:
    """Change a draft: its share, who is billed, or the mail that is prepared for it. Returns its key."""
    return await ending_attempts(
        lambda: _update(principal, invoice_id, share, inspection_person_id=inspection_person_id, letter=letter),
        stripe=stripe,
    )


@transaction
async def _update(
    principal: Principal,
    invoice_id: UUID,
    share: Share | None,
    *,
    inspection_person_id: UUID | None,
    letter: Letter,
) -> UUID:
    with Checks() as check:
        letter = check(check_letter, letter)
        with check.at():
            books, invoice = await _draft(principal, invoice_id, share)
            payee = None
            if inspection_person_id is not None:
                with check.at():
                    payee = await _payee(books.inspection.id, inspection_person_id)
            lines = None
            if share is not None:
                own = {line.line_item_id: line.amount_minor for line in books.lines_of(invoice)}
                lines = share_lines(books, share, own=own)
    before = {"total_minor": invoice.total_minor, "billed_to": invoice.billed_to_name}
    if payee is not None:
        invoice.billed_to_id, invoice.billed_to_name = payee.id, payee.person.name
    if share is not None and lines is not None:
        await _move_from_primary(books, invoice, lines)
        invoice.by_services = share.line_item_ids is not None
    invoice.prepared_subject = letter.subject or invoice.prepared_subject
    invoice.prepared_message = letter.message or invoice.prepared_message
    await invoice.save(
        update_fields=["billed_to_id", "billed_to_name", "by_services", "prepared_subject", "prepared_message"]
    )
    await close_books(books)
    after = {"total_minor": invoice.total_minor, "billed_to": invoice.billed_to_name}
    await record(books.inspection, "invoice.updated", invoice.id, by=principal, before=before, after=after)
    return invoice.id


async def _draft(principal: Principal, invoice_id: UUID, share: Share | None) -> tuple[Books, Invoice]:
    """The books with the draft to edit; refuses with it what is wrong with the share of any invoice."""
    with Checks() as check:
        if share is not None:
            check(check_share, share, await currency_of(principal))
        books, invoice = await books_of(principal, invoice_id)
        if invoice.status is not InvoiceStatus.DRAFT:
            raise Refusal(
                f"Only a draft can be edited; invoice {invoice.number} is {invoice.status.lower()}.",
                field=("invoiceId",),
                code=ErrorCode.INVOICE_NOT_DRAFT,
            )
    return books, invoice


async def books_of(principal: Principal, invoice_id: UUID) -> tuple[Books, Invoice]:
    """The books that hold a separate invoice of the caller's."""
    found = await visible(Invoice, principal).get_or_none(id=invoice_id)
    if found is None:
        raise NotFound("Invoice", field=("invoiceId",))
    if found.kind is InvoiceKind.PRIMARY:
        raise Refusal(
            "The client's primary invoice follows the line items; it is never edited, sent or voided.",
            field=("invoiceId",),
            code=ErrorCode.INVOICE_IS_PRIMARY,
        )
    books = await open_books(found.inspection_id)
    return books, books.invoice(invoice_id)
