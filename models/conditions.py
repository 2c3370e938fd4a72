"""Which rows of each table a scope may see, as a condition of SQL: every way to a row in a compiled read applies it.

`{row.…}` is a column of the row, and `caller.…` one of whoever asks (`models.callers`). The company is compared
besides. A model that a scope does not have here shows it nothing. `models.visible` says the same to operations, and a
test that both see the same rows.
"""

from collections.abc import Mapping
from typing import Final

from tortoise.models import Model

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
from models.visible import MONEY_MOVED
from rules.access import Scope

EVERYTHING: Final = "true"

_OF_THE_INSPECTION = "{row.inspection_id} = caller.inspection_id"
_IS_ONESELF = "(not caller.guest or {person} = caller.person_id)"

_INVOICES = """
    select own.id from invoices own
     where own.company_id = caller.company_id and own.inspection_id = caller.inspection_id
"""
_BOX = f"""
    select box.person_id from inspection_people box
     where box.company_id = caller.company_id and box.inspection_id = caller.inspection_id
       and {_IS_ONESELF.format(person="box.person_id")}
"""  # noqa: S608 - constants of this module
_MOVED = ", ".join(f"'{state}'" for state in MONEY_MOVED)


_PAYMENTS = (
    f"{{row.inspection_id}} = caller.inspection_id and ({{row.state}} in ({_MOVED})"
    f" or {{row.invoice_id}} in ({_INVOICES} and own.kind = 'PRIMARY'))"
)
"""All payments of PRIMARY, and of other parties' payments those that moved money."""

_OF_THE_INVOICE = "{row.invoice_id} = caller.invoice_id"


def _refunds_of(payments: str) -> str:
    """The refunds of payments for which the condition holds."""
    condition = payments.replace("{row.", "paid.").replace("}", "")
    return (
        "exists (select from payments paid where paid.company_id = caller.company_id"
        f" and paid.id = {{row.payment_id}} and {condition})"
    )


_IS_LIVE_AND_ONES_OWN = "{row.user_id} = caller.user_id and {row.revoked_at} is null and {row.expires_at} > caller.now"

_STAFF: Mapping[str, str] = {Scope.INSPECTOR: EVERYTHING}

CONDITIONS: Final[dict[type[Model], Mapping[str, str]]] = {
    Agreement: {**_STAFF, Scope.CLIENT: _OF_THE_INSPECTION},
    Automation: _STAFF,
    Branding: {**_STAFF, Scope.CLIENT: EVERYTHING, Scope.PAYER: EVERYTHING},
    Company: {**_STAFF, Scope.CLIENT: EVERYTHING},
    Email: _STAFF,
    Event: _STAFF,
    Grant: {
        **_STAFF,
        Scope.CLIENT: "case when caller.guest then {row.id} = caller.grant_id"
        f" else {_OF_THE_INSPECTION} and {{row.kind}} = 'CLIENT_PORTAL' end",
    },
    Inspection: {**_STAFF, Scope.CLIENT: "{row.id} = caller.inspection_id"},
    InspectionPerson: {
        **_STAFF,
        Scope.CLIENT: f"{_OF_THE_INSPECTION} and {_IS_ONESELF.format(person='{row.person_id}')}",
    },
    Invoice: {**_STAFF, Scope.CLIENT: _OF_THE_INSPECTION, Scope.PAYER: "{row.id} = caller.invoice_id"},
    InvoiceLine: {
        **_STAFF,
        Scope.CLIENT: f"{{row.invoice_id}} in ({_INVOICES})",
        Scope.PAYER: _OF_THE_INVOICE,
    },
    LineItem: {**_STAFF, Scope.CLIENT: _OF_THE_INSPECTION},
    Payment: {
        **_STAFF,
        Scope.CLIENT: _PAYMENTS,
        Scope.PAYER: _OF_THE_INVOICE,
    },
    Person: {**_STAFF, Scope.CLIENT: f"{{row.id}} in ({_BOX})"},
    Refund: {
        **_STAFF,
        Scope.CLIENT: _refunds_of(_PAYMENTS),
        Scope.PAYER: _refunds_of(_OF_THE_INVOICE),
    },
    Service: _STAFF,
    SignIn: {Scope.INSPECTOR: _IS_LIVE_AND_ONES_OWN},
    User: _STAFF,
}
