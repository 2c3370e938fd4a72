"""Stripe's documented test cards (docs.stripe.com/testing) and what each of them does."""

from dataclasses import dataclass
from enum import Enum


class Refunds(Enum):
    """What becomes of a refund to the card."""

    SUCCEED = "succeed"
    SUCCEED_LATER = "succeed_later"  # Pending first.
    FAIL_LATER = "fail_later"  # Succeeded first.


@dataclass(frozen=True, slots=True)
class Decline:
    code: str
    decline_code: str | None
    message: str
    is_blocked: bool = False  # Refused by Stripe's own fraud rules; the bank was never asked.


@dataclass(frozen=True, slots=True)
class TestCard:
    number: str
    brand: str = "visa"
    funding: str = "credit"
    decline: Decline | None = None
    dispute_reason: str | None = None
    dispute_is_inquiry: bool = False
    refunds: Refunds = Refunds.SUCCEED
    needs_authentication: bool = False

    @property
    def last4(self) -> str:
        return self.number[-4:]

    @property
    def country(self) -> str:
        return "US"


_DECLINED = "Your card was declined."


def _declined(decline_code: str, message: str = _DECLINED) -> Decline:
    return Decline("card_declined", decline_code, message)


_CARDS = (
    TestCard("4242424242424242"),
    TestCard("4000056655665556", funding="debit"),
    TestCard("5555555555554444", brand="mastercard"),
    TestCard("2223003122003222", brand="mastercard"),
    TestCard("5200828282828210", brand="mastercard", funding="debit"),
    TestCard("5105105105105100", brand="mastercard", funding="prepaid"),
    TestCard("378282246310005", brand="amex"),
    TestCard("371449635398431", brand="amex"),
    TestCard("6011111111111117", brand="discover"),
    TestCard("3056930009020004", brand="diners"),
    TestCard("3566002020360505", brand="jcb"),
    TestCard("6200000000000005", brand="unionpay"),
    TestCard("4000000000000077"),
    TestCard("4000000000000002", decline=_declined("generic_decline")),
    TestCard("4000000000009995", decline=_declined("insufficient_funds", "Your card has insufficient funds.")),
    TestCard("4000000000009987", decline=_declined("lost_card")),
    TestCard("4000000000009979", decline=_declined("stolen_card")),
    TestCard("4000000000006975", decline=_declined("card_velocity_exceeded")),
    TestCard("4100000000000019", decline=Decline("card_declined", "fraudulent", _DECLINED, is_blocked=True)),
    TestCard("4000000000000069", decline=Decline("expired_card", None, "Your card has expired.")),
    TestCard("4000000000000127", decline=Decline("incorrect_cvc", None, "Your card's security code is incorrect.")),
    TestCard(
        "4000000000000119",
        decline=Decline(
            "processing_error", None, "An error occurred while processing your card. Try again in a little bit."
        ),
    ),
    TestCard("4000000000000259", dispute_reason="fraudulent"),
    TestCard("4000000000002685", dispute_reason="product_not_received"),
    TestCard("4000000000001976", dispute_reason="fraudulent", dispute_is_inquiry=True),
    TestCard("4000000000007726", refunds=Refunds.SUCCEED_LATER),
    TestCard("4000000000005126", refunds=Refunds.FAIL_LATER),
    TestCard("4000002500003155", needs_authentication=True),
    TestCard("4000002760003184", needs_authentication=True),
    TestCard("4000000000003220", needs_authentication=True),
    TestCard(
        "4000008400001629",
        needs_authentication=True,
        decline=_declined("generic_decline"),
    ),
)
CARDS = {card.number: card for card in _CARDS}

INCORRECT_NUMBER = Decline("incorrect_number", None, "Your card number is incorrect.")
NOT_A_TEST_CARD = Decline(
    "card_declined",
    "test_mode_live_card",
    "Your card was declined. Your request was in test mode, but used a non test (live) card. "
    "For a list of valid test cards, visit: https://stripe.com/docs/testing.",
)


def find_card(number: str) -> TestCard:
    """The card of that number; a number that is no test card is declined the way Stripe's test mode does."""
    digits = number.replace(" ", "").replace("-", "")
    if card := CARDS.get(digits):
        return card
    decline = NOT_A_TEST_CARD if _passes_luhn(digits) else INCORRECT_NUMBER
    return TestCard(digits[-19:] if digits.isdecimal() else "0000", decline=decline)


def _passes_luhn(digits: str) -> bool:
    if not digits.isascii() or not digits.isdecimal() or not 12 <= len(digits) <= 19:
        return False
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits))]
    return sum(value // 10 + value % 10 for value in doubled) % 10 == 0
