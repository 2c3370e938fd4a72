"""Notices: what a change that was made leaves behind and its caller should know, though nothing was refused."""

from dataclasses import dataclass
from enum import StrEnum

from rules.money import Money, minimum_charge


class NoticeCode(StrEnum):
    """The codes of `Notice`."""

    BELOW_MINIMUM_CHARGE = "BELOW_MINIMUM_CHARGE"


@dataclass(frozen=True, slots=True)
class Notice:
    """A code that programs read and a sentence that people read."""

    code: NoticeCode
    message: str


def is_too_little_to_charge(amount: Money) -> bool:
    """Whether there is something to pay, but less than a checkout can take."""
    return 0 < amount.amount_minor < minimum_charge(amount.currency).amount_minor


def whom_to_pay(remaining: Money, *, company_name: str) -> str | None:
    """For the payer: how to pay what is too little for a checkout; None where a checkout can be offered, or nothing
    remains.
    """
    if not is_too_little_to_charge(remaining):
        return None
    return (
        f"{remaining} is left to pay, less than the {minimum_charge(remaining.currency)} that can be paid online."
        f" Please pay it to {company_name} directly."
    )


def too_little_left(remaining: Money, *, invoice_number: str) -> Notice:
    """For the inspector: an invoice's rest that no checkout can take."""
    return Notice(
        NoticeCode.BELOW_MINIMUM_CHARGE,
        f"{remaining} is left to pay on invoice {invoice_number}, less than the {minimum_charge(remaining.currency)}"
        " that can be paid online: it can only be taken by hand.",
    )
