"""The kinds of mail: one row for each says what it is about and what follows from its kind."""

from dataclasses import dataclass
from enum import StrEnum

from rules.links import GrantKind, LinkKind, StaffLinkKind


class EmailKind(StrEnum):
    """What a mail is about."""

    INVOICE = "INVOICE"
    RECEIPT = "RECEIPT"
    REMINDER = "REMINDER"
    NOTICE = "NOTICE"
    AUTOMATION = "AUTOMATION"
    INVITATION = "INVITATION"
    PASSWORD_RESET = "PASSWORD_RESET"  # noqa: S105 - what a mail is about, not a password


@dataclass(frozen=True, slots=True)
class MailProperties:
    """What holds for every mail of one kind.

    Automatic ones, which nobody asks for one by one, stop with "Disable all notifications". Those that ask for money
    are called back when their invoice ends; with them goes the invoice's document. `link` says what a link opens.
    """

    description: str
    automatic: bool = False
    asks_for_money: bool = False
    with_document: bool = False
    link: LinkKind | None = None


MAILS: dict[EmailKind, MailProperties] = {
    EmailKind.INVOICE: MailProperties(
        "An invoice with its payment link.", asks_for_money=True, with_document=True, link=GrantKind.PAYMENT_PORTAL
    ),
    EmailKind.RECEIPT: MailProperties("Money received or given back.", automatic=True),
    EmailKind.REMINDER: MailProperties(
        "An invoice that is still unpaid.",
        automatic=True,
        asks_for_money=True,
        with_document=True,
        link=GrantKind.PAYMENT_PORTAL,
    ),
    EmailKind.NOTICE: MailProperties("Something an inspector wrote to a person."),
    EmailKind.AUTOMATION: MailProperties("What an automation sends.", automatic=True, link=GrantKind.CLIENT_PORTAL),
    EmailKind.INVITATION: MailProperties("An invitation to join the staff.", link=StaffLinkKind.INVITATION),
    EmailKind.PASSWORD_RESET: MailProperties("A link to choose a new password.", link=StaffLinkKind.PASSWORD_RESET),
}
assert MAILS.keys() == set(EmailKind)

AUTOMATIC = tuple(kind for kind, properties in MAILS.items() if properties.automatic)
"""Mails that nobody asked for one by one: "Disable all notifications" stops them."""

ASKING_FOR_MONEY = tuple(kind for kind, properties in MAILS.items() if properties.asks_for_money)
"""Mails that are pointless once their invoice asks for nothing any more."""
