"""Notices: what an inspector writes to one person of a People box by hand."""

from dataclasses import dataclass
from uuid import UUID

from models import Company, EmailKind, InspectionPerson
from models.visible import visible
from operations.audit_log import record
from operations.documents.brands import brand_of
from operations.ledger.inspection_ledger import lock_inspection
from operations.messages.outbox import Recipient, email_content, queue_mail
from operations.transactions import transaction
from rules import texts
from rules.access import Principal
from rules.checks import Checks
from rules.errors import ErrorCode, NotFound, Refusal
from rules.limits import SUBJECT_LENGTH_MAX


@dataclass(frozen=True, slots=True)
class NotifyPerson:
    """Whom of a People box to write to, and what."""

    inspection_person_id: UUID
    subject: str
    message: str


@transaction
async def notify_person(principal: Principal, command: NotifyPerson) -> UUID:
    """Mail exactly that person, without a link; returns the mail's key.

    Not an automatic mail: somebody decided to send it, so it goes out while notifications are disabled too.
    """
    with Checks() as check:
        subject = check(texts.line, command.subject, field="subject", length_max=SUBJECT_LENGTH_MAX)
        message = check(texts.paragraphs, command.message, field="message")
        entries = visible(InspectionPerson, principal).prefetch_related("person")
        entry = await entries.get_or_none(id=command.inspection_person_id, removed_at=None)
        if entry is None:
            raise NotFound("InspectionPerson", field=("inspectionPersonId",))
    inspection = await lock_inspection(entry.inspection_id)
    person = entry.person
    if person.email is None:
        raise Refusal(
            f"{person.name} has no email address; add one with updatePerson.",
            field=("inspectionPersonId",),
            code=ErrorCode.PERSON_HAS_NO_EMAIL,
        )
    company = await Company.get(id=inspection.company_id)
    content = email_content(
        subject=subject,
        message=message,
        company_name=company.name,
        brand=await brand_of(company.id),
        typed=True,
        footer=f"{company.name} wrote this to you about the inspection at {inspection.property_address}.",
    )
    email = await queue_mail(inspection, EmailKind.NOTICE, Recipient(person.name, person.email), content)
    await record(inspection, "person.notified", entry.id, by=principal, after={"email_id": str(email.id)})
    return email.id
