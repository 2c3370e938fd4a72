"""People a company knows."""

from dataclasses import dataclass
from uuid import UUID

from models import Person
from models.visible import find_visible
from operations.ledger.billed_names import lock_inspections_billing, rename_on_unpaid_invoices
from operations.messages.mailed_links import EndedLinks, end_links_mailed_elsewhere, lock_inspections_mailed_about
from operations.transactions import transaction
from rules import texts
from rules.access import Principal
from rules.checks import Checks
from rules.limits import NAME_LENGTH_MAX, PHONE_LENGTH_MAX


@dataclass(frozen=True, slots=True)
class CreatePerson:
    """Somebody whom a company gets to know; an empty email or phone is none."""

    name: str
    email: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class UpdatePerson:
    """What is to be different about a person: what is None stays as it is, an empty email or phone is removed."""

    person_id: UUID
    name: str | None = None
    email: str | None = None
    phone: str | None = None


@transaction
async def create_person(principal: Principal, new: CreatePerson) -> UUID:
    """Add a person to the company; returns their key."""
    with Checks() as check:
        checked = _checked(check, new)
    person = Person(company_id=principal.company_id, **checked)
    await person.save(force_create=True)
    return person.id


@transaction
async def update_person(principal: Principal, changes: UpdatePerson) -> EndedLinks:
    """Change a person. A new name shows on invoices that are not yet paid; what is on mails, payments and paid
    invoices is a snapshot.

    Returns what a corrected address ended: the links that were mailed to the one before.
    """
    if changes.name is not None:
        await lock_inspections_billing(changes.person_id, principal.company_id)
    if changes.email is not None:
        await lock_inspections_mailed_about(principal, changes.person_id)
    with Checks() as check:
        with check.at():
            person = await find_visible(Person, principal, changes.person_id, locked=True)
        checked = _checked(check, changes)
    person.update_from_dict(checked)
    await person.save(update_fields=["name", "email", "phone"])
    if changes.name is not None:
        await rename_on_unpaid_invoices(person, by=principal)
    return await end_links_mailed_elsewhere(person, by=principal) if changes.email is not None else EndedLinks()


def _checked(check: Checks, given: CreatePerson | UpdatePerson) -> dict[str, str | None]:
    """The columns that are given."""
    checked: dict[str, str | None] = {}
    if given.name is not None:
        checked["name"] = check(texts.line, given.name, field="name", length_max=NAME_LENGTH_MAX)
    if given.email is not None:
        checked["email"] = check(texts.email_address, given.email, field="email") if given.email else None
    if given.phone is not None:
        checked["phone"] = (
            check(texts.line, given.phone, field="phone", length_max=PHONE_LENGTH_MAX) if given.phone else None
        )
    return checked
