"""The only row-level filter: which rows a principal may see. Every read by id and every relation goes through it."""

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from tortoise.expressions import Q, Subquery
from tortoise.models import Model
from tortoise.queryset import QuerySet

from models.automations import Automation
from models.brandings import Branding
from models.catalogue import Service
from models.companies import Company, SignIn, User
from models.emails import Email
from models.events import Event
from models.grants import Grant
from models.inspections import Agreement, Inspection, InspectionPerson, LineItem
from models.invoices import Invoice, InvoiceLine
from models.payments import Payment, Refund
from models.people import Person
from rules.access import Principal, Scope
from rules.errors import NotFound
from rules.links import GrantKind
from rules.states import PaymentState

ModelType = TypeVar("ModelType", bound=Model)

MONEY_MOVED = (
    PaymentState.PROCESSING,
    PaymentState.SUCCEEDED,
    PaymentState.DISPUTED,
    PaymentState.LOST,
    PaymentState.RETURNED,
    PaymentState.RECORDED,
)
"""What a client sees of others' payments: money that moved, never somebody's declined card."""


def visible(model: type[ModelType], principal: Principal) -> QuerySet[ModelType]:
    """The rows of `model` that `principal` may see; none of a model that their scope has no part in."""
    if principal.scope is Scope.INSPECTOR:
        return _of_company(model, principal)
    narrow = _rules_for(principal).get(model)
    if narrow is None:
        return model.filter(pk__in=[])
    return _of_company(model, principal).filter(**narrow(principal))


async def find_visible(
    model: type[ModelType],
    principal: Principal,
    row_id: UUID | None,
    *,
    field: str | None = None,
    locked: bool = False,
    **columns: object,
) -> ModelType:
    """The row of that id, and of these `columns`, that `principal` may see; `locked` until the transaction ends.

    Raises NotFound naming `field` of the input, by default the model's id (such as invoiceId): a row that is absent
    and one that is somebody else's answer the same.
    """
    rows = visible(model, principal).filter(id=row_id, **columns)
    row = await (rows.select_for_update() if locked else rows).get_or_none()
    if row is None:
        name = model.__name__
        raise NotFound(name, field=(field or f"{name[0].lower()}{name[1:]}Id",))
    return row


def _rules_for(principal: Principal) -> dict[type[Model], "Narrow"]:
    if principal.scope is Scope.PAYER:
        return _PAYER
    return _GUEST if principal.guest else _CLIENT


def listed(model: type[ModelType], principal: Principal) -> QuerySet[ModelType]:
    """The visible rows that a list of `model` shows, in display order: without entries that were removed."""
    rows = visible(model, principal).order_by(*ORDER.get(model, ("id",)))
    return rows.filter(removed_at=None) if model in REMOVABLE else rows


def _of_company(model: type[ModelType], principal: Principal) -> QuerySet[ModelType]:
    rows = model.filter(**{"id" if model is Company else "company_id": principal.company_id})
    return rows.filter(deleted_at=None) if model is Automation else rows


def _keys(rows: QuerySet[ModelType], column: str = "id") -> Subquery:
    return Subquery(rows.values(column))


def _client_payments(principal: Principal) -> QuerySet[Payment]:
    """All payments of PRIMARY, and of other parties' payments those that moved money."""
    own = Invoice.filter(inspection_id=principal.inspection_id, kind="PRIMARY")
    return Payment.filter(
        Q(invoice_id__in=_keys(own)) | Q(state__in=MONEY_MOVED), inspection_id=principal.inspection_id
    )


Narrow = Callable[[Principal], dict[str, object]]


def _all_of_the_company(_: Principal) -> dict[str, object]:
    return {}


def _by_inspection(principal: Principal) -> dict[str, object]:
    return {"inspection_id": principal.inspection_id}


_CLIENT: dict[type[Model], Narrow] = {
    Branding: _all_of_the_company,
    Company: lambda principal: {"id": principal.company_id},
    Inspection: lambda principal: {"id": principal.inspection_id},
    InspectionPerson: _by_inspection,
    Person: lambda principal: {
        "id__in": _keys(InspectionPerson.filter(inspection_id=principal.inspection_id), "person_id")
    },
    LineItem: _by_inspection,
    Agreement: _by_inspection,
    Invoice: _by_inspection,
    InvoiceLine: lambda principal: {"invoice_id__in": _keys(Invoice.filter(inspection_id=principal.inspection_id))},
    Payment: lambda principal: {"id__in": _keys(_client_payments(principal))},
    Refund: lambda principal: {"payment_id__in": _keys(_client_payments(principal))},
    Grant: lambda principal: {"inspection_id": principal.inspection_id, "kind": GrantKind.CLIENT_PORTAL},
}

_GUEST: dict[type[Model], Narrow] = {
    **_CLIENT,
    InspectionPerson: lambda principal: {
        "inspection_id": principal.inspection_id,
        "person_id": principal.person_id,
    },
    Person: lambda principal: {
        "id__in": _keys(
            InspectionPerson.filter(inspection_id=principal.inspection_id, person_id=principal.person_id), "person_id"
        )
    },
    Grant: lambda principal: {"id": principal.grant_id},
}
"""Of the People box and the links of an inspection, a guest sees themselves."""

_PAYER: dict[type[Model], Narrow] = {
    Branding: _all_of_the_company,
    Invoice: lambda principal: {"id": principal.invoice_id},
    InvoiceLine: lambda principal: {"invoice_id": principal.invoice_id},
    Payment: lambda principal: {"invoice_id": principal.invoice_id},
    Refund: lambda principal: {"payment_id__in": _keys(Payment.filter(invoice_id=principal.invoice_id))},
}

ORDER: dict[type[Model], tuple[str, ...]] = {
    User: ("name", "id"),
    Service: ("name", "id"),
    SignIn: ("id",),
    InspectionPerson: ("position", "id"),
    LineItem: ("position", "id"),
    InvoiceLine: ("position", "id"),
    Agreement: ("-version",),
    Email: ("-id",),
    Event: ("id",),
}

REMOVABLE = (InspectionPerson, LineItem)
