"""Agreements: what the client signs, regenerated with a new total only when somebody asks for it."""

from dataclasses import dataclass
from uuid import UUID

from models import Agreement
from models.visible import find_visible
from operations.audit_log import record
from operations.ledger.inspection_ledger import InspectionLedger, lock_inspection
from operations.transactions import transaction
from rules import clock, texts
from rules.access import Principal, refuse_guests
from rules.checks import Checks
from rules.errors import ErrorCode, Refusal
from rules.limits import SIGNATURE_LENGTH_MAX


@dataclass(frozen=True, slots=True)
class SignAgreement:
    """The agreement to sign, and the name that is typed below it."""

    agreement_id: UUID
    name: str


async def insert_agreement(ledger: InspectionLedger, body: str, *, version: int) -> Agreement:
    """Write the current version, naming the inspection's present total."""
    return await Agreement.create(
        company_id=ledger.company.id,
        inspection_id=ledger.inspection.id,
        version=version,
        body=body,
        currency=ledger.inspection.currency,
        total_minor=ledger.inspection.total_minor,
    )


async def update_agreement(ledger: InspectionLedger, *, by: Principal) -> None:
    """Regenerate with the new total: an unsigned one in place, a signed one as a new version to sign (S49)."""
    current = await Agreement.get_or_none(inspection_id=ledger.inspection.id, current=True)
    if current is None or current.total_minor == ledger.inspection.total_minor:
        return
    before = {"version": current.version, "total_minor": current.total_minor}
    if current.signed_at is None:
        current.total_minor = ledger.inspection.total_minor
        await current.save(update_fields=["total_minor"])
    else:
        await Agreement.filter(id=current.id).update(current=False)
        current = await insert_agreement(ledger, current.body, version=current.version + 1)
    after = {"version": current.version, "total_minor": current.total_minor}
    await record(ledger.inspection, "agreement.updated", current.id, by=by, before=before, after=after)


@transaction
async def sign_agreement(principal: Principal, command: SignAgreement) -> UUID:
    """Sign the current version by typing a name; for a client, not for whom they let in. Safe to repeat."""
    refuse_guests(principal)
    with Checks() as check:
        name = check(texts.line, command.name, field="name", length_max=SIGNATURE_LENGTH_MAX)
        found = await find_visible(Agreement, principal, command.agreement_id)
    inspection = await lock_inspection(found.inspection_id)
    agreement = await Agreement.get(id=found.id)
    if not agreement.current:
        raise Refusal(
            "There is a newer version of this agreement.",
            field=("agreementId",),
            code=ErrorCode.AGREEMENT_NOT_CURRENT,
        )
    if agreement.signed_at is None:
        agreement.signed_by, agreement.signed_at = name, clock.now()
        await agreement.save(update_fields=["signed_by", "signed_at"])
        after = {"version": agreement.version, "signed_by": agreement.signed_by}
        await record(inspection, "agreement.signed", agreement.id, by=principal, after=after)
    return agreement.id
