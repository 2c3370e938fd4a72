"""The catalogue of services: what a company offers, and charges that are taken from it."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from models import LineItemKind, Service
from models.visible import find_visible, visible
from operations.audit_log import record_of_company
from operations.currencies import currency_of
from operations.inspections.amounts import checked_amount
from operations.transactions import transaction
from rules import texts
from rules.access import Principal
from rules.checks import Checks
from rules.errors import ErrorCode, Refusal
from rules.limits import DESCRIPTION_LENGTH_MAX, SERVICE_DESCRIPTION_LENGTH_MAX, SERVICES_MAX


@dataclass(frozen=True, slots=True)
class CreateService:
    """An entry to be; `amount` in major units, negative for a DISCOUNT."""

    name: str
    amount: Decimal
    description: str = ""
    kind: LineItemKind = LineItemKind.SERVICE


@dataclass(frozen=True, slots=True)
class UpdateService:
    """What is to be different about an entry, `amount` in major units; what is None stays as it is."""

    service_id: UUID
    name: str | None = None
    description: str | None = None
    amount: Decimal | None = None
    active: bool | None = None


@transaction
async def create_service(principal: Principal, new: CreateService) -> UUID:
    """Add an entry; returns its key."""
    currency = await currency_of(principal)
    with Checks() as check:
        name = check(_name, new.name)
        description = check(_explanation, new.description)
        amount_minor = check(checked_amount, new.kind, new.amount, currency)
        with check.at():
            await _refuse_known_name(principal, name)
    if await Service.filter(company_id=principal.company_id).count() >= SERVICES_MAX:
        raise Refusal(f"A catalogue has at most {SERVICES_MAX} entries.")
    service = await Service.create(
        company_id=principal.company_id,
        name=name,
        description=description,
        kind=new.kind,
        currency=currency,
        amount_minor=amount_minor,
    )
    await record_of_company(principal.company_id, "service.created", service.id, by=principal, after=_snapshot(service))
    return service.id


@transaction
async def update_service(principal: Principal, changes: UpdateService) -> UUID:
    """Change an entry; charges that were taken from it stay as they are. Returns its key. Raises NotFound."""
    service = await find_visible(Service, principal, changes.service_id, locked=True)
    before = _snapshot(service)
    with Checks() as check:
        if changes.name is not None and changes.name != service.name:
            service.name = check(_name, changes.name)
            with check.at():
                await _refuse_known_name(principal, service.name)
        if changes.description is not None:
            service.description = check(_explanation, changes.description)
        if changes.amount is not None:
            service.amount_minor = check(checked_amount, service.kind, changes.amount, service.currency)
    if changes.active is not None:
        service.active = changes.active
    await service.save(update_fields=["name", "description", "amount_minor", "active"])
    after = _snapshot(service)
    await record_of_company(service.company_id, "service.updated", service.id, by=principal, before=before, after=after)
    return service.id


async def find_offered(principal: Principal, keys: Iterable[UUID | None]) -> dict[UUID, Service]:
    """Those of the entries that the principal may see and the company still offers, by their keys."""
    wanted = {key for key in keys if key is not None}
    if not wanted:
        return {}
    return {service.id: service for service in await visible(Service, principal).filter(id__in=wanted, active=True)}


def _name(name: str) -> str:
    return texts.line(name, field="name", length_max=DESCRIPTION_LENGTH_MAX)


def _explanation(description: str) -> str:
    if not description.strip():
        return ""
    return texts.paragraphs(description, field="description", length_max=SERVICE_DESCRIPTION_LENGTH_MAX)


async def _refuse_known_name(principal: Principal, name: str) -> None:
    if await Service.exists(company_id=principal.company_id, name=name):
        raise Refusal("name is in the catalogue already.", field=("name",), code=ErrorCode.ALREADY_EXISTS)


def _snapshot(service: Service) -> dict[str, str | int | bool]:
    return {
        "name": service.name,
        "description": service.description,
        "amount_minor": service.amount_minor,
        "active": service.active,
    }
