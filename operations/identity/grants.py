"""Links: making, sharing and revoking them, and authenticating whoever follows one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from models import Grant, GrantKind, GrantSource, Inspection, InspectionPerson, Invoice
from models.visible import find_visible, listed
from operations.audit_log import record
from operations.identity.contacts import contact_of_inspection
from operations.ledger.inspection_ledger import lock_inspection, lock_ledger
from operations.ledger.open_invoice import open_draft
from operations.links import create_grant, end_links
from operations.transactions import transaction
from rules import clock, texts
from rules.access import Principal, Scope, refuse_guests
from rules.checks import Checks
from rules.errors import ErrorCode, NotFound, Refusal, Unauthenticated
from rules.links import Portals, digest, new_token
from rules.roles import PersonRole
from rules.states import InvoiceKind, InvoiceStatus

NOT_VALID: Final = "This link is not valid, or not any more."


@dataclass(frozen=True, slots=True)
class Link:
    """A fresh link: its address holds the token, which is shown once and stored nowhere."""

    grant_id: UUID
    url: str


@dataclass(frozen=True, slots=True)
class ShareClientPortal:
    """Whom to let into an inspection's client portal: a person of the People box, or an email address."""

    inspection_id: UUID
    person_id: UUID | None = None
    email: str | None = None


@transaction
async def create_payment_link(principal: Principal, invoice_id: UUID, *, portals: Portals) -> Link:
    """A link to one invoice's payment portal, to be passed on by hand; opens a draft."""
    found = await find_visible(Invoice, principal, invoice_id)
    ledger = await lock_ledger(found.inspection_id)
    invoice = ledger.invoice(invoice_id)
    if invoice.kind is InvoiceKind.PRIMARY:
        raise Refusal(
            "The client pays the primary invoice in the client portal; share that instead.",
            field=("invoiceId",),
            code=ErrorCode.INVOICE_IS_PRIMARY,
        )
    if invoice.status is InvoiceStatus.VOID:
        raise Refusal(f"Invoice {invoice.number} is void.", field=("invoiceId",), code=ErrorCode.INVOICE_NOT_OPEN)
    await open_draft(ledger, invoice, by=principal)
    bill_to = await InspectionPerson.get(id=invoice.billed_to_id)
    return await _issue(
        ledger.inspection,
        GrantKind.PAYMENT_PORTAL,
        by=principal,
        portals=portals,
        invoice_id=invoice.id,
        person_id=bill_to.person_id,
        person_name=invoice.billed_to_name,
    )


@transaction
async def share_client_portal(principal: Principal, command: ShareClientPortal, *, portals: Portals) -> Link:
    """A link to the client portal: a client shares it with anybody (S25), staff make one for a client alone (S26).

    What a client shares is no better than their own link, and ends with it. An address that a client types is nobody's
    but who they say it is: whether it belongs to somebody in the People box is not looked up, and so is not revealed.
    """
    refuse_guests(principal)
    person_id, email = command.person_id, command.email
    with Checks() as check:
        if (person_id is None) == (email is None):
            check.refuse(Refusal("Give either personId or email: exactly one of the two.", field=("personId",)))
        address = check(texts.email_address, email, field="email") if email is not None else None
        inspection = await find_visible(Inspection, principal, command.inspection_id)
    entry = None
    if address is None or principal.scope is Scope.INSPECTOR:
        box = await listed(InspectionPerson, principal).filter(inspection_id=inspection.id).prefetch_related("person")
        entry = _entry(box, person_id=person_id, address=address)
    if person_id is not None and entry is None:
        raise NotFound("Person", field=("personId",))
    if principal.scope is Scope.INSPECTOR and (entry is None or entry.role is not PersonRole.CLIENT):
        raise Refusal(
            "Staff make portal links for the inspection's clients only; a client may share theirs with anybody.",
            field=("personId" if address is None else "email",),
        )
    return await _issue(
        inspection,
        GrantKind.CLIENT_PORTAL,
        by=principal,
        portals=portals,
        person_id=entry.person_id if entry else None,
        person_name=address or (entry.person.name if entry else ""),
    )


def _entry(box: Sequence[InspectionPerson], *, person_id: UUID | None, address: str | None) -> InspectionPerson | None:
    """Who of the People box is meant, if anybody."""
    if address is None:
        return next((entry for entry in box if entry.person_id == person_id), None)
    return next((entry for entry in box if (entry.person.email or "").lower() == address.lower()), None)


async def _issue(
    inspection: Inspection,
    kind: GrantKind,
    *,
    by: Principal,
    portals: Portals,
    person_id: UUID | None,
    person_name: str,
    invoice_id: UUID | None = None,
) -> Link:
    token = new_token()
    grant = await create_grant(
        kind,
        GrantSource.INSPECTOR if by.scope is Scope.INSPECTOR else GrantSource.CLIENT_SHARE,
        company_id=inspection.company_id,
        inspection_id=inspection.id,
        invoice_id=invoice_id,
        person_id=person_id,
        person_name=person_name,
        parent=await Grant.get(id=by.grant_id) if by.scope is Scope.CLIENT else None,
        token=token,
    )
    await record(inspection, "link.created", grant.id, by=by, after={"kind": kind, "for": person_name})
    return Link(grant.id, portals.link(kind, token))


@transaction
async def revoke_grant(principal: Principal, grant_id: UUID) -> UUID:
    """End a link at once, with those shared from it. A client may end those that clients shared. Safe to repeat."""
    refuse_guests(principal)
    found = await find_visible(Grant, principal, grant_id)
    inspection = await lock_inspection(found.inspection_id)
    grant = await Grant.get(id=grant_id)
    if principal.scope is Scope.CLIENT and grant.issued_by is not GrantSource.CLIENT_SHARE:
        raise Refusal("Only links that were shared from the portal can be ended here.", field=("grantId",))
    if grant.revoked_at is None:
        await end_links(Grant.filter(id=grant.id))
        await record(inspection, "link.revoked", grant.id, by=principal, before={"kind": grant.kind})
    return grant.id


async def principal_of_link(token: str) -> Principal:
    """Whoever bears a link's token. Raises Unauthenticated for one that is unknown, expired or revoked (S70).

    The client portal is for the person it was made for or shared with; reading changes nothing.
    """
    token_hash = digest(token)
    grant = await Grant.get_or_none(token_hash=token_hash).select_related("parent")
    if grant is None:
        raise Unauthenticated(NOT_VALID)
    if not _is_good(grant) or (grant.parent is not None and not _is_good(grant.parent)):
        raise Unauthenticated(await _whom_to_ask(grant))
    paying = grant.kind is GrantKind.PAYMENT_PORTAL
    return Principal(
        scope=Scope.PAYER if paying else Scope.CLIENT,
        company_id=grant.company_id,
        grant_id=grant.id,
        token_hash=token_hash,
        inspection_id=grant.inspection_id,
        invoice_id=grant.invoice_id,
        person_id=grant.person_id,
        guest=not paying and await _is_for_guest(grant),
        name=grant.person_name or "",
    )


async def _whom_to_ask(grant: Grant) -> str:
    """For whoever bears what once was good; to others we tell nothing."""
    contact = await contact_of_inspection(grant.inspection_id)
    who = contact.brand.email or f"{contact.name}, {contact.email}"
    call = f", or call {contact.brand.phone}" if contact.brand.phone else ""
    return f"{NOT_VALID} {contact.company_name} can send you another: write to {who}{call}."


def _is_good(grant: Grant) -> bool:
    return grant.revoked_at is None and grant.expires_at > clock.now()


async def _is_for_guest(grant: Grant) -> bool:
    """Whether a portal link is for somebody else than a client: shared by one, or mailed to a third party (S24)."""
    if grant.issued_by is GrantSource.AUTOMATION:
        clients = InspectionPerson.filter(inspection_id=grant.inspection_id, role=PersonRole.CLIENT, removed_at=None)
        return not await clients.filter(person_id=grant.person_id).exists()
    return grant.issued_by is GrantSource.CLIENT_SHARE
