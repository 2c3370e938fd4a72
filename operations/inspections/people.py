"""People a company knows."""

from uuid import UUID

from models import Person
from models.visible import visible
from operations.ledger.billed_names import lock_inspections_billing, rename_on_unpaid_invoices
from operations.messages.mailed_links import EndedLinks, end_links_mailed_elsewhere, lock_inspections_mailed_about
from operations.transactions import transaction
from rules import texts
from rules.access import Principal
from rules.checks import Checks
from rules.errors import NotFound
from rules.limits import NAME_LENGTH_MAX, PHONE_LENGTH_MAX


@transaction
async def create_person(principal: Principal, *, name: str, email: str | None, phone: str | None) -> UUID:
    """Add a person to the company; returns their key."""
    with Checks() as check:
        checked = _checked(check, {"name": name, "email": email, "phone": phone})
    person = Person(company_id=principal.company_id, **checked)
    await person.save(force_create=True)
    return person.id


@transaction
async def update_person(principal: Principal, person_id: UUID, changes: dict[str, str | None]) -> EndedLinks:
    """Change the given ones of name, email and phone. A new name shows on invoices that are not yet paid; what is on
    mails, payments and paid invoices is a snapshot.

    Returns what a corrected address ended: the links that were mailed to the one before.
    """
    if "name" in changes:
        await lock_inspections_billing(person_id, principal.company_id)
    if "email" in changes:
        await lock_inspections_mailed_about(principal, person_id)
    with Checks() as check:
        with check.at():
            person = await _locked(principal, person_id)
        checked = _checked(check, changes)
    person.update_from_dict(checked)
    await person.save(update_fields=["name", "email", "phone"])
    if "name" in changes:
        await rename_on_unpaid_invoices(person, by=principal)
    return await end_links_mailed_elsewhere(person, by=principal) if "email" in changes else EndedLinks()


def _checked(check: Checks, given: dict[str, str | None]) -> dict[str, str | None]:
    """Those of name, email and phone that were given; an empty email or phone is none."""
    name, email, phone = given.get("name"), given.get("email"), given.get("phone")
    checked = {
        "name": check(texts.line, name or "", field="name", length_max=NAME_LENGTH_MAX) if "name" in given else None,
        "email": check(texts.email_address, email, field="email") if email else None,
        "phone": check(texts.line, phone, field="phone", length_max=PHONE_LENGTH_MAX) if phone else None,
    }
    return {field: value for field, value in checked.items() if field in given}


async def _locked(principal: Principal, person_id: UUID) -> Person:
    person = await visible(Person, principal).filter(id=person_id).select_for_update().get_or_none()
    if person is None:
        raise NotFound("Person", field=("personId",))
    return person
