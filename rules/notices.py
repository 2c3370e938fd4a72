"""Notices: what a change that was made leaves behind and its caller should know, though nothing was refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from rules.money import Money, minimum_charge

NUMBERS_SHOWN_MAX = 10


class NoticeCode(StrEnum):
    """The codes of `Notice`."""

    BELOW_MINIMUM_CHARGE = "BELOW_MINIMUM_CHARGE"
    EMAIL_PUT_OFF = "EMAIL_PUT_OFF"
    FORMER_CLIENT_KEEPS_PORTAL = "FORMER_CLIENT_KEEPS_PORTAL"
    LINKS_ENDED = "LINKS_ENDED"


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


def former_client_keeps_portal(name: str) -> Notice:
    """For the inspector, who bills another client now: what the former one still has, and how to end it."""
    return Notice(
        NoticeCode.FORMER_CLIENT_KEEPS_PORTAL,
        f"{name} is still in the People box, with links to the client portal. Remove them from it to end those.",
    )


def email_put_off(invoice_number: str, *, until: str) -> Notice:
    """For the inspector: a mail with a link above what one recipient gets within an hour."""
    return Notice(
        NoticeCode.EMAIL_PUT_OFF,
        f"This recipient got many mails with a link within the hour: the one for invoice {invoice_number} goes out at"
        f" {until}.",
    )


def links_ended(addresses: Sequence[str], *, invoice_numbers: Sequence[str], portals: bool) -> Notice:
    """For the inspector, who corrected an address: what was mailed to it opens nothing any more, and what to do."""
    named = ", ".join(invoice_numbers[:NUMBERS_SHOWN_MAX])
    more = len(invoice_numbers) - NUMBERS_SHOWN_MAX
    advice = [
        f"Send invoice {named}{f' and {more} more' if more > 0 else ''} again with sendInvoice." if named else "",
        "Make another link to the client portal with shareClientPortal." if portals else "",
    ]
    sentences = [
        f"The links that were mailed to {', '.join(addresses[:NUMBERS_SHOWN_MAX])} have ended.",
        *filter(None, advice),
    ]
    return Notice(NoticeCode.LINKS_ENDED, " ".join(sentences))
