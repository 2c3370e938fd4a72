"""What an inspection may be made of: each part checked before anything is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from models import Company, Person, Service
from models.visible import find_visible
from operations.inspections.line_items import Charge, NewLineItem, checked_charge
from rules import texts
from rules.access import Principal
from rules.checks import Checks
from rules.errors import ErrorCode, Refusal
from rules.limits import LINE_ITEMS_MAX, PEOPLE_MAX, PROPERTY_ADDRESS_LENGTH_MAX
from rules.roles import PersonRole, role_name

SCHEDULED_FROM, SCHEDULED_TO = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class NewPerson:
    """Somebody to put into a People box."""

    person_id: UUID
    role: PersonRole
    role_name: str | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who may be put into a People box, and what their role is called."""

    person: Person
    role: PersonRole
    role_name: str


class ClientRequired(Refusal):
    """An inspection always has at least one CLIENT: the first is billed on PRIMARY."""

    code = ErrorCode.CLIENT_REQUIRED


def checked_address(property_address: str) -> str:
    return texts.line(property_address, field="propertyAddress", length_max=PROPERTY_ADDRESS_LENGTH_MAX)


def refuse_strange_moment(scheduled_at: datetime) -> None:
    """No local calendar has a day for the ends of time, and mails tell the day."""
    if not SCHEDULED_FROM <= scheduled_at < SCHEDULED_TO:
        raise Refusal(
            f"scheduledAt must lie between the years {SCHEDULED_FROM.year} and {SCHEDULED_TO.year}.",
            field=("scheduledAt",),
        )


async def checked_box(principal: Principal, company: Company, people: Sequence[NewPerson]) -> list[Member]:
    """Who goes into a new People box; refusals name the entry."""
    if len(people) > PEOPLE_MAX:
        raise Refusal(f"people must have at most {PEOPLE_MAX} entries.")
    box: list[Member] = []
    with Checks() as check:
        if not any(person.role is PersonRole.CLIENT for person in people):
            check.refuse(ClientRequired("people must include a CLIENT."))
        for place, new in enumerate(people):
            with check.at(place):
                member = await member_of(principal, company, new)
                if any(member.person.id == other.person.id for other in box):
                    raise in_the_box_already(member.person)
                box.append(member)
    return box


def checked_charges(line_items: Sequence[NewLineItem], currency: str, services: Mapping[UUID, Service]) -> list[Charge]:
    """The charges of a new inspection, taken from `services` where they name one; refusals name the entry."""
    if len(line_items) > LINE_ITEMS_MAX:
        raise Refusal(f"lineItems must have at most {LINE_ITEMS_MAX} entries.")
    charges: list[Charge] = []
    with Checks() as check:
        for place, new in enumerate(line_items):
            with check.at(place):
                charges.append(checked_charge(new, currency, services))
    return charges


async def member_of(principal: Principal, company: Company, new: NewPerson) -> Member:
    """Somebody to put into a People box, with what their role is called there."""
    with Checks() as check:
        with check.at():
            person = await find_visible(Person, principal, new.person_id)
        called = check(role_name, new.role, new.role_name, additional_roles=company.additional_roles)
    return Member(person, new.role, called)


def in_the_box_already(person: Person) -> Refusal:
    return Refusal(f"{person.name} is in the People box already.", field=("personId",), code=ErrorCode.ALREADY_EXISTS)
