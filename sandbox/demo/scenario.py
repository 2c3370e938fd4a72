"""Where the chapters play: the company's owner at the API, the mailbox, Stripe behind its controls, and inspections."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from sandbox import visitor
from sandbox.demo.api_client import Caller, Surprise, expect, get, post, until
from sandbox.demo.dev_environment import STRIPE_API_KEY, DevEnvironment

SECONDS_MAX = 15.0
"""How long anything that the worker does may take; on a quiet machine it takes one."""

Item = tuple[str, str, str]
Guest = tuple[str, str] | tuple[str, str, str]

INSPECTION: Item = ("SERVICE", "Home inspection", "350.00")
RADON: Item = ("ADD_ON", "Radon test", "100.00")

_INVOICE = (
    "number status paymentStatus revision total { formatted } credited { formatted } settled { formatted }"
    " inFlight { formatted } remaining { formatted } overpaid { formatted }"
)


class Chapter(Protocol):
    """What happens on a stage."""

    def play(self) -> None:
        """Tell it from beginning to end. Raises Surprise when it goes otherwise."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The company's owner and everything around her."""

    around: DevEnvironment
    owner: Caller
    say: Callable[[str], None]

    def book(self, address: str, *items: Item, guests: list[Guest], **given: Any) -> "Scene":
        """An inspection for these people: name, role and, for an additional one, the role's name."""
        people = [
            {"personId": self.person(name), "role": role, "roleName": named[0] if named else None}
            for name, role, *named in guests
        ]
        inspection = self.owner.mutate(
            "createInspection",
            "inspection { id total { formatted } primaryInvoice { id } lineItems { id description }"
            " people { id role person { id name } } }",
            propertyAddress=address,
            scheduledAt=(datetime.now(UTC) + timedelta(days=2)).isoformat(),
            people=people,
            lineItems=[{"kind": kind, "description": text, "amount": amount} for kind, text, amount in items],
            **given,
        )["inspection"]
        return Scene(self, inspection)

    def person(self, name: str) -> str:
        """Somebody the company knows, at an address made of the name."""
        return str(self.owner.mutate("createPerson", "person { id }", name=name, email=email_of(name))["person"]["id"])

    def bearer(self, who: str, url: str) -> Caller:
        """Whoever follows a link."""
        return Caller(who, self.around.api_url, url.partition("#")[2])

    def mails(self, name: str, *, subject: str) -> list[Any]:
        """What somebody was sent under a subject, the newest first."""
        mails = get(f"{self.around.mailbox_url}/api/messages").json()
        return [mail for mail in mails if email_of(name) in mail["recipients"] and mail["subject"] == subject]

    def mail(self, name: str, *, subject: str) -> Any:
        """The one mail under that subject, as soon as it is there; to nobody else."""
        until(f"Mails to {name}", lambda: len(self.mails(name, subject=subject)), 1, seconds_max=SECONDS_MAX)
        mail = self.mails(name, subject=subject)[0]
        expect(f"Those who got {name}'s mail", mail["recipients"] + mail["cc"] + mail["bcc"], [email_of(name)])
        return mail

    def control(self, path: str, **given: Any) -> None:
        """What only banks and card holders can do, through the simulator's controls."""
        response = post(f"{self.around.stripe_url}/_control/{path}", json=given)
        if response.is_error:
            raise Surprise(f"The simulator's control {path} was refused: {response.text}")

    def account_id(self) -> str:
        """What Stripe calls the company's account."""
        company = self.owner.read("{ viewer { ... on InspectorViewer { company { stripe { accountId } } } } }")
        return str(company["viewer"]["company"]["stripe"]["accountId"])

    def dispute_of(self, intent: str) -> str:
        """The key of the dispute about a payment, as Stripe's own interface tells the company."""
        headers = {"Authorization": f"Bearer {STRIPE_API_KEY}", "Stripe-Account": self.account_id()}
        found = get(f"{self.around.stripe_url}/v1/disputes?payment_intent={intent}", headers=headers).json()["data"]
        expect("Disputes at Stripe about this payment", len(found), 1)
        return str(found[0]["id"])


class Scene:
    """One inspection, and what its people do."""

    def __init__(self, stage: Stage, inspection: Any) -> None:
        self.stage = stage
        self.owner = stage.owner
        self.id = str(inspection["id"])
        self.primary = str(inspection["primaryInvoice"]["id"])
        self.items = {item["description"]: str(item["id"]) for item in inspection["lineItems"]}
        self._box = inspection["people"]

    def entry(self, role: str) -> Any:
        """Who has that role."""
        return next(entry for entry in self._box if entry["role"] == role)

    def read(self, selection: str, caller: Caller | None = None) -> Any:
        """The inspection, as the owner sees it or somebody else."""
        query = f"query($id: ID!) {{ inspection(id: $id) {{ {selection} }} }}"
        return (caller or self.owner).read(query, id=self.id)["inspection"]

    def add_item(self, description: str, amount: str, *, update_agreements: bool = False) -> None:
        """The owner charges something more."""
        self.items[description] = self.owner.mutate(
            "addLineItem",
            "lineItem { id }",
            inspectionId=self.id,
            kind="FEE",
            description=description,
            amount=amount,
            updateAgreements=update_agreements,
        )["lineItem"]["id"]

    def bill(self, role: str, **share: Any) -> str:
        """An invoice for that person's share, sent at once."""
        given = {"inspectionId": self.id, "inspectionPersonId": self.entry(role)["id"], "send": True, **share}
        return str(self.owner.mutate("addInvoice", "invoice { id }", **given)["invoice"]["id"])

    def payer(self, role: str, invoice_id: str) -> Caller:
        """Whoever follows the link to an invoice's payment portal."""
        url = self.owner.mutate("createPaymentLink", "url", invoiceId=invoice_id)["url"]
        return self.stage.bearer(self.entry(role)["person"]["name"], url)

    def client(self) -> Caller:
        """The client, in the client portal."""
        person = self.entry("CLIENT")["person"]
        url = self.owner.mutate("shareClientPortal", "url", inspectionId=self.id, personId=person["id"])["url"]
        return self.stage.bearer(person["name"], url)

    def begin(self, payer: Caller, invoice_id: str, amount: str | None = None) -> tuple[str, str]:
        """Begin to pay: the payment's id, and the checkout's address."""
        begun = payer.mutate("startPayment", "checkoutUrl payment { id }", invoiceId=invoice_id, amount=amount)
        return begun["payment"]["id"], begun["checkoutUrl"]

    def pay(
        self, payer: Caller, invoice_id: str, amount: str | None = None, *, until: str = "SUCCEEDED", **form: str
    ) -> str:
        """Pay at the checkout, by card unless told otherwise; returns the payment's id once the worker has heard."""
        payment_id, checkout = self.begin(payer, invoice_id, amount)
        expect("The checkout's answer", visitor.pay(checkout, **(form or {"card": visitor.CARD})), 303)
        self.until_payment(payment_id, until)
        return payment_id

    def until_payment(self, payment_id: str, status: str) -> None:
        """Wait until the payment has got there."""
        until("The payment", lambda: self._payment(payment_id)["status"], status, seconds_max=SECONDS_MAX)

    def intent(self, payment_id: str) -> str:
        """What Stripe calls the payment."""
        return str(self._payment(payment_id)["stripePaymentIntentId"])

    def refund(self, payment_id: str, **given: Any) -> None:
        """Give money back."""
        refund = self.owner.mutate("refundPayment", "refund { status }", paymentId=payment_id, **given)["refund"]
        expect("The refund", refund["status"], "SUCCEEDED")

    def expect(self, what: str, invoice_id: str, **wanted: Any) -> None:
        """Go on only if the invoice is as the story tells, in these respects."""
        expect(what, self._shown(invoice_id, wanted), _sentence(wanted))

    def until(self, what: str, invoice_id: str, **wanted: Any) -> None:
        """Wait until the invoice is as the story tells, in these respects."""
        until(what, lambda: self._shown(invoice_id, wanted), _sentence(wanted), seconds_max=SECONDS_MAX)

    def _shown(self, invoice_id: str, wanted: dict[str, Any]) -> str:
        found = self.owner.read(f"query($id: ID!) {{ invoice(id: $id) {{ {_INVOICE} }} }}", id=invoice_id)["invoice"]
        return _sentence({name: _plain(found[name]) for name in wanted})

    def _payment(self, payment_id: str) -> Any:
        query = "query($id: ID!) { node(id: $id) { ... on Payment { status stripePaymentIntentId } } }"
        return self.owner.read(query, id=payment_id)["node"]


def email_of(name: str) -> str:
    """Where somebody of the story is reached."""
    return f"{name.lower().replace(' ', '.')}@example.com"


def _plain(value: Any) -> Any:
    return value["formatted"] if isinstance(value, dict) else value


def _sentence(respects: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in respects.items())
