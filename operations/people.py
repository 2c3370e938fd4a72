"""People a company knows."""

from uuid import UUID

from models import Person
from models.visible import visible
from operations.transactions import transaction
from rules import texts
from rules.access import Principal
from rules.errors import NotFound

NAME_LENGTH_MAX = 200
PHONE_LENGTH_MAX = 40


@transaction
async def create_person(principal: Principal, *, name: str, email: str | None, phone: str | None) -> UUID:
    """Add a person to the company; returns their key."""
    person = await Person.create(
        company_id=principal.company_id,
        name=texts.line(name, field="name", length_max=NAME_LENGTH_MAX),
        email=texts.email_address(email, field="email") if email else None,
        phone=texts.line(phone, field="phone", length_max=PHONE_LENGTH_MAX) if phone else None,
    )
    return person.id


@transaction
async def update_person(principal: Principal, person_id: UUID, changes: dict[str, str | None]) -> UUID:
    """Change the given ones of name, email and phone. Names and addresses on invoices and mails are snapshots."""
    person = await visible(Person, principal).filter(id=person_id).select_for_update().get_or_none()
    if person is None:
        raise NotFound("Person", field=("personId",))
    if "name" in changes:
        person.name = texts.line(changes["name"] or "", field="name", length_max=NAME_LENGTH_MAX)
    if "email" in changes:
        person.email = texts.email_address(changes["email"], field="email") if changes["email"] else None
    if "phone" in changes:
        phone = changes["phone"]
        person.phone = texts.line(phone, field="phone", length_max=PHONE_LENGTH_MAX) if phone else None
    await person.save(update_fields=["name", "email", "phone"])
    return person.id
