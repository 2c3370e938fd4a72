"""Who is billed on PRIMARY: another of the inspection's clients may take the place of the present one (S58)."""

from dataclasses import dataclass
from uuid import UUID

from gateways.stripe import StripeGateway
from models import Grant, GrantKind, Inspection, InspectionPerson, InspectionStatus
from operations.audit_log import record
from operations.ledger.billed_names import find_bill_to
from operations.ledger.inspection_ledger import InspectionLedger, lock_ledger_with
from operations.ledger.invoice_ends import cancel_waiting_mails
from operations.ledger.posting import CheckoutsOpen
from operations.payments.checkout_expiry import PaymentInProgress, with_checkouts_expired
from operations.transactions import transaction
from rules import clock
from rules.access import Principal
from rules.errors import ErrorCode, NotFound, Refusal
from rules.notices import Notice, former_client_keeps_portal
from rules.roles import PersonRole


@dataclass(frozen=True, slots=True)
class SetPrimaryClient:
    """Which entry of the People box is to be billed on the inspection's primary invoice."""

    inspection_id: UUID
    inspection_person_id: UUID


async def set_primary_client(
    principal: Principal, command: SetPrimaryClient, *, stripe: StripeGateway
) -> tuple[Notice, ...]:
    """Bill another CLIENT of the People box on PRIMARY, while nothing of it is paid or in flight. Safe to repeat.

    An open checkout of the former client's is ended at Stripe first. They stay in the box and keep their portal links
    until they are removed from it, of which a notice tells: a client sees the inspection, whoever is billed.
    """
    return await with_checkouts_expired(lambda: _set(principal, command), stripe=stripe)


@transaction
async def _set(principal: Principal, command: SetPrimaryClient) -> tuple[Notice, ...]:
    ledger = await lock_ledger_with(Inspection, command.inspection_id, by=principal)
    client = await _client(ledger, command.inspection_person_id)
    primary = ledger.primary
    if primary.billed_to_id == client.id:
        return ()
    _refuse_unless_unpaid(ledger)
    former = await InspectionPerson.get(id=primary.billed_to_id)
    before = {"billed_to": primary.billed_to_name}
    primary.billed_to_id, primary.billed_to_name = client.id, client.person.name
    await cancel_waiting_mails(primary)
    after = {"billed_to": primary.billed_to_name}
    await record(
        ledger.inspection, "inspection.primary_client_set", client.id, by=principal, before=before, after=after
    )
    return (former_client_keeps_portal(before["billed_to"]),) if await _has_portal(former) else ()


async def _client(ledger: InspectionLedger, inspection_person_id: UUID) -> InspectionPerson:
    """The CLIENT of the box who is to be billed. Raises Refusal naming inspectionPersonId."""
    client = await find_bill_to(ledger.inspection.id, inspection_person_id)
    if client is None:
        raise NotFound("InspectionPerson", field=("inspectionPersonId",))
    if client.role is not PersonRole.CLIENT:
        raise Refusal(
            f"{client.person.name} is not a client of this inspection: only a CLIENT is billed on the primary invoice.",
            field=("inspectionPersonId",),
            code=ErrorCode.CLIENT_REQUIRED,
        )
    return client


def _refuse_unless_unpaid(ledger: InspectionLedger) -> None:
    primary = ledger.primary
    if ledger.inspection.status is InspectionStatus.CANCELED:
        raise Refusal("The inspection is canceled.", field=("inspectionId",), code=ErrorCode.INSPECTION_CANCELED)
    if primary.in_flight_minor:
        raise PaymentInProgress("A payment of the primary invoice is still being processed.", field=("inspectionId",))
    if primary.settled_minor:
        raise Refusal(
            f"{primary.settled} of the primary invoice is paid already; refund it before another client is billed.",
            field=("inspectionId",),
            code=ErrorCode.PRIMARY_INVOICE_PAID,
        )
    if live := ledger.open_checkout(primary):
        raise CheckoutsOpen([live.id])


async def _has_portal(former: InspectionPerson) -> bool:
    links = Grant.filter(inspection_id=former.inspection_id, person_id=former.person_id, kind=GrantKind.CLIENT_PORTAL)
    return await links.filter(revoked_at=None, expires_at__gt=clock.now()).exists()
