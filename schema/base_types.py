"""What all scopes may read of money and errors."""

from decimal import Decimal

import strawberry

from graphql_server.access import allow, public
from graphql_server.scalars import CurrencyCode
from resolvers.money import AMOUNT, CURRENCY, FORMATTED
from rules.access import Scope
from rules.errors import ErrorCode
from rules.notices import NoticeCode
from schema.nodes import EVERY_SCOPE

INSPECTOR, CLIENT, PAYER = Scope.INSPECTOR, Scope.CLIENT, Scope.PAYER


@strawberry.type(description="An exact sum of money.")
class Money:
    amount: Decimal = allow(
        *EVERY_SCOPE,
        shows=AMOUNT,
        description="The amount in major units, with the currency's number of decimals, such as 1250.00.",
    )
    currency: CurrencyCode = allow(*EVERY_SCOPE, shows=CURRENCY, description="The currency of the amount.")
    formatted: str = allow(
        *EVERY_SCOPE, shows=FORMATTED, description="The amount as people of that currency write it, such as $1,250.00."
    )


@strawberry.type(description="An expected refusal: nothing was changed.")
class UserError:
    code: ErrorCode = public(description="The kind of refusal, for programs to act on.")
    message: str = public(description="One sentence that may be shown to people as it is.")
    field: list[str] | None = public(
        description="The path of the input field at fault: names, and indexes in lists from 0."
    )
    retry_after_seconds: int | None = public(
        description="The seconds to wait before the same may be tried again; null where waiting does not help."
    )


@strawberry.type(description="Something to know of a change that was made: nothing was refused.")
class Notice:
    code: NoticeCode = public(description="The kind of notice, for programs to act on.")
    message: str = public(description="One sentence that may be shown to people as it is.")
