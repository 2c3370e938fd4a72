"""Money as it moved, entry by entry: the one place that says what counts as paid or as given back, and when."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from rules.errors import Refusal
from rules.limits import PERIOD_DAYS_MAX

_BRANCHES = (
    # A manual payment that was removed never was; a disputed one is the company's until it is lost.
    (
        "'PAYMENT' AS kind, settled_at AS moment, id, id AS payment_id, amount_minor AS paid, 0::bigint AS refunded",
        "payments",
        "settled_at",
        "'PAYMENT'",
        "state IN ('SUCCEEDED', 'DISPUTED', 'LOST', 'RETURNED', 'RECORDED')",
    ),
    (
        "'REFUND', settled_at, id, payment_id, 0, amount_minor",
        "refunds",
        "settled_at",
        "'REFUND'",
        "status = 'SUCCEEDED'",
    ),
    (
        "state, taken_back_at, id, id, 0, LEAST(disputed_minor, amount_minor - refunded_minor)",
        "payments",
        "taken_back_at",
        "state",
        "state IN ('LOST', 'RETURNED')",
    ),
)


def _union(window: str) -> str:
    return " UNION ALL ".join(
        f"(SELECT {columns} FROM {table} WHERE company_id = $1"  # noqa: S608 - constants of this module
        f" AND {moment} >= $2 AND {moment} < $3 AND {condition}{window.format(moment=moment, kind=kind)})"
        for columns, table, moment, kind, condition in _BRANCHES
    )


LEDGER_ENTRIES = _union("")
"""Rows (kind, moment, id, payment_id, paid, refunded) of company $1 from $2 up to and without $3; minor units.

Payments move money in when they settle. Refunds move it out when they succeed, and lost disputes and returns when they
are final, whenever their payment settled. Summed over all time, `paid` less `refunded` is what all the company's
invoices have settled.
"""

LEDGER_ENTRIES_AFTER = (
    _union(" AND ({moment}, id, {kind}) > ($2, $4, $5) ORDER BY {moment}, id LIMIT $6")
    + " ORDER BY moment, id, kind LIMIT $6"
)
"""As LEDGER_ENTRIES, the first $6 of them behind the moment $2, id $4 and kind $5, in that order."""


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` up to and without `end`; at most a year."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        """Raises Refusal naming the argument at fault."""
        if self.start >= self.end:
            raise Refusal("to must be later than from.", field=("to",))
        # A leap year in which clocks are set back is an hour longer.
        if self.end - self.start > timedelta(days=PERIOD_DAYS_MAX, hours=1):
            raise Refusal(f"to can be at most {PERIOD_DAYS_MAX} days after from; ask for less at once.", field=("to",))
