"""Chapter I, the main job: an agent pays $125 of a $450 inspection, the client the rest, and nobody sees too much."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox import visitor
from sandbox.demo.api_client import Caller, Surprise, expect, get, until

TITLE = "I. The main job"
OWNER_EMAIL = "owner@example.com"
PASSWORD = "inspect-and-pay"
AGENT_EMAIL = "arthur.bell@example.com"
CLIENT_EMAIL = "clara.moss@example.com"
ADDRESS = "12 Lakeshore Drive, Evanston"
SUBJECT = "Your share of the inspection at Lakeshore Drive"
MAIL_SECONDS_MAX = 10.0
SETTLE_SECONDS_MAX = 10.0
"""What the product promises: a payment that Stripe reports paid is seen within ten seconds."""


class MainJob:
    """Its scenes, in order; each uses what the ones before it found."""

    def __init__(self, api_url: str, mailbox_url: str, *, say: Callable[[str], None]) -> None:
        self.api_url = api_url
        self.mailbox_url = mailbox_url
        self.say = say
        self.owner = Caller("Olivia", api_url)
        self.inspection: Any = None
        self.invoice: Any = None
        self.agent = Caller("Arthur", api_url)
        self.client = Caller("Clara", api_url)

    def play(self) -> None:
        """Tell it from beginning to end. Raises Surprise when it goes otherwise."""
        self.sign_in()
        self.connect_stripe()
        self.book_inspection()
        self.bill_agent()
        self.preview()
        self.send()
        self.follow_link()
        self.agent_pays()
        self.client_looks()
        self.client_pays()
        self.third_party_tries()

    def sign_in(self) -> None:
        """The owner gets her token."""
        session = "session { accessToken }"
        payload = self.owner.mutate("signIn", session, email=OWNER_EMAIL, password=PASSWORD)
        self.owner = Caller("Olivia", self.api_url, payload["session"]["accessToken"])
        self.say("\nOlivia, who owns Lakeside Home Inspections, signs in.")

    def connect_stripe(self) -> None:
        """Nothing can be split before the company can take payments."""
        url = self.owner.mutate("connectStripe", "onboardingUrl")["onboardingUrl"]
        visitor.complete_onboarding(url)
        company = self.owner.mutate("refreshStripeConnection", "company { stripe { status } }")["company"]
        expect("The Stripe connection", company["stripe"]["status"], "READY")
        self.say("She connects the company's Stripe account, which can charge now.")

    def book_inspection(self) -> None:
        """A client, an agent, and two charges."""
        clara = self._person("Clara Moss", CLIENT_EMAIL)
        arthur = self._person("Arthur Bell", AGENT_EMAIL)
        self.inspection = self.owner.mutate(
            "createInspection",
            "inspection { id number total { formatted } primaryInvoice { id } people { id role person { id } } }",
            propertyAddress=ADDRESS,
            scheduledAt=(datetime.now(UTC) + timedelta(days=3)).isoformat(),
            people=[{"personId": clara, "role": "CLIENT"}, {"personId": arthur, "role": "BUYERS_AGENT"}],
            lineItems=[
                {"kind": "SERVICE", "description": "Home inspection", "amount": "350.00"},
                {"kind": "ADD_ON", "description": "Radon test", "amount": "100.00"},
            ],
        )["inspection"]
        expect("The inspection's total", self.inspection["total"]["formatted"], "$450.00")
        self.say(
            f"She books inspection {self.inspection['number']} at {ADDRESS} for Clara, the client,\n"
            "  with Arthur, the buyer's agent: Home inspection $350.00, Radon test $100.00; $450.00 in all."
        )

    def bill_agent(self) -> None:
        """$125 move from the client's invoice to one of the agent's own."""
        options = self._read_inspection(
            "invoicing { available invoiceable { formatted } people { id role } services { lineItem { description } } }"
        )["invoicing"]
        expect("Whether an invoice can be added", options["available"], True)
        expect("What can be invoiced", options["invoiceable"]["formatted"], "$450.00")
        expect("The services to choose from", len(options["services"]), 2)
        agent = next(person["id"] for person in options["people"] if person["role"] == "BUYERS_AGENT")
        self.invoice = self.owner.mutate(
            "addInvoice",
            "invoice { id number status total { formatted } }",
            inspectionId=self.inspection["id"],
            inspectionPersonId=agent,
            fixedAmount="125.00",
        )["invoice"]
        expect("The new invoice", (self.invoice["status"], self.invoice["total"]["formatted"]), ("DRAFT", "$125.00"))
        expect("What is left to Clara", self._primary()["remaining"]["formatted"], "$325.00")
        expect("Mails so far", len(self._mails()), 0)
        self.say(
            f"\nUp to $450.00 can be invoiced. She drafts invoice {self.invoice['number']} for Arthur: $125.00.\n"
            "  Clara's own invoice falls to $325.00. Nobody has got a mail."
        )

    def preview(self) -> None:
        """The mail and the document, before anybody else sees them."""
        shown = self._read_invoice(
            self.owner, "documentUrl emailPreview(subject: $subject) { to subject text link }", subject=SUBJECT
        )
        mail = shown["emailPreview"]
        expect("The recipient in the preview", (mail["to"], mail["subject"]), (AGENT_EMAIL, SUBJECT))
        if "$125.00" not in mail["text"] or mail["link"] not in mail["text"]:
            raise Surprise("The previewed mail should name $125.00 and show where its link leads, but does not.")
        document = get(shown["documentUrl"]).text
        if "$125.00" not in document or "$450.00" in document or "Clara" in document:
            raise Surprise("Arthur's document should show his $125.00 and nothing of Clara's, but does not.")
        expect("Mails after a preview", len(self._mails()), 0)
        self.say(f'She previews the mail to {mail["to"]}, "{mail["subject"]}",\n  and the document: $125.00 due.')

    def send(self) -> None:
        """One mail, to one person."""
        status = "invoice { status }"
        sent = self.owner.mutate("sendInvoice", status, invoiceId=self.invoice["id"], subject=SUBJECT)["invoice"]
        expect("The sent invoice", sent["status"], "OPEN")
        seconds = until("Mails that have arrived", lambda: len(self._mails()), 1, seconds_max=MAIL_SECONDS_MAX)
        mail = self._mails()[0]
        expect("Those who got the mail", set(mail["recipients"]), {AGENT_EMAIL})
        expect("Copies of the mail", mail["cc"] + mail["bcc"], [])
        expect("The mail's subject", mail["subject"], SUBJECT)
        link = visitor.link_in(mail["text"])
        self.agent = Caller("Arthur", self.api_url, link.partition("#")[2])
        self.say(f"\nShe sends it. After {seconds:.1f} s the mail is in Arthur's mailbox, and in nobody else's.")

    def follow_link(self) -> None:
        """The payment portal: one invoice, and nothing else."""
        viewer = self.agent.read(
            "{ viewer { __typename ... on PayerViewer { invoice { id number companyName propertyAddress"
            " remaining { formatted } lines { description amount { formatted } } } } } }"
        )["viewer"]
        expect("What the link opens", viewer["__typename"], "PayerViewer")
        expect("The invoice behind the link", viewer["invoice"]["id"], self.invoice["id"])
        expect("What Arthur is asked for", viewer["invoice"]["remaining"]["formatted"], "$125.00")
        for field in ("inspection { total { formatted } }", "billedTo { person { name } }", "emails { to }"):
            query = f"{{ viewer {{ ... on PayerViewer {{ invoice {{ {field} }} }} }} }}"
            expect(f"The answer to {field.split()[0]}", self.agent.is_kept_out(query), {"FORBIDDEN"})
        self._expect_invisible(self.agent, self.inspection["primaryInvoice"]["id"], "Clara's invoice")
        self.say(
            "Arthur follows the link and sees his invoice: $125.00 due. Inspection, people and mails are forbidden to "
            "him;\n  Clara's invoice does not exist for him."
        )

    def agent_pays(self) -> None:
        """Declined once, then paid; the poller notices by itself."""
        started = self.agent.mutate(
            "startPayment", "checkoutUrl payment { id amount { formatted } }", invoiceId=self.invoice["id"]
        )
        expect("What Arthur is about to pay", started["payment"]["amount"]["formatted"], "$125.00")
        declined = visitor.pay(started["checkoutUrl"], card=visitor.DECLINED_CARD)
        expect("The checkout's answer to a bad card", declined, 402)
        expect("The invoice after a bad card", self._status(self.agent, self.invoice["id"]), "OPEN")
        self.say("\nHe starts to pay. The checkout declines his first card; nothing is settled.")
        expect("The checkout's answer to a good card", visitor.pay(started["checkoutUrl"], card=visitor.CARD), 303)
        seconds = until(
            "Arthur's invoice",
            lambda: self._status(self.agent, self.invoice["id"]),
            "PAID",
            seconds_max=SETTLE_SECONDS_MAX,
        )
        self.say(f"His second card pays $125.00. {seconds:.1f} s later the worker has asked Stripe: invoice paid.")

    def client_looks(self) -> None:
        """The client portal tells who paid what, and no more about others than that."""
        clara = next(person for person in self.inspection["people"] if person["role"] == "CLIENT")
        shared = self.owner.mutate(
            "shareClientPortal", "url", inspectionId=self.inspection["id"], personId=clara["person"]["id"]
        )
        self.client = Caller("Clara", self.api_url, shared["url"].partition("#")[2])
        seen = self.client.read(
            "{ viewer { ... on ClientViewer { inspection { remaining { formatted } settled { formatted }"
            " invoices { billedToName status total { formatted } }"
            " payments { payerName amount { formatted } status } } } } }"
        )["viewer"]["inspection"]
        expect("What is paid so far", seen["settled"]["formatted"], "$125.00")
        expect("What remains", seen["remaining"]["formatted"], "$325.00")
        shares = [(one["billedToName"], one["total"]["formatted"], one["status"]) for one in seen["invoices"]]
        expect("The shares", shares, [("Clara Moss", "$325.00", "OPEN"), ("Arthur Bell", "$125.00", "PAID")])
        paid = [(one["payerName"], one["amount"]["formatted"], one["status"]) for one in seen["payments"]]
        expect("The payments", paid, [("Arthur Bell", "$125.00", "SUCCEEDED")])
        for field in ("cardLast4", "failureMessage", "stripePaymentIntentId"):
            query = f"{{ viewer {{ ... on ClientViewer {{ inspection {{ payments {{ {field} }} }} }} }} }}"
            expect(f"The answer to {field}", self.client.is_kept_out(query), {"FORBIDDEN"})
        self.say(
            "\nOlivia shares the client portal with Clara, who sees: Arthur paid $125.00, she is to pay $325.00.\n"
            "  Arthur's card is none of her business, and forbidden."
        )

    def client_pays(self) -> None:
        """The rest, after which nothing is owed."""
        others = self.client.is_refused("startPayment", "checkoutUrl", invoiceId=self.invoice["id"])
        expect("The answer to paying Arthur's invoice", others, "INVOICE_NOT_PAYABLE")
        started = self.client.mutate(
            "startPayment",
            "checkoutUrl payment { amount { formatted } }",
            invoiceId=self.inspection["primaryInvoice"]["id"],
        )
        expect("What Clara is about to pay", started["payment"]["amount"]["formatted"], "$325.00")
        expect("The checkout's answer", visitor.pay(started["checkoutUrl"], card=visitor.CARD), 303)
        seconds = until(
            "The inspection",
            lambda: self._read_inspection("paymentStatus")["paymentStatus"],
            "PAID",
            seconds_max=SETTLE_SECONDS_MAX,
        )
        ledger = self._read_inspection("settled { formatted } remaining { formatted } invoicing { refusal { code } }")
        expect("What is settled", ledger["settled"]["formatted"], "$450.00")
        expect("What remains", ledger["remaining"]["formatted"], "$0.00")
        expect("Why nothing more can be invoiced", ledger["invoicing"]["refusal"]["code"], "NOTHING_TO_INVOICE")
        self.say(f"Clara pays $325.00. {seconds:.1f} s later the inspection is paid: $450.00 settled, nothing remains.")

    def third_party_tries(self) -> None:
        """Having paid opens no other door."""
        portal = "{ viewer { ... on ClientViewer { inspection { propertyAddress report { url } } } } }"
        expect("The answer to the client portal", self.agent.is_kept_out(portal), {"FORBIDDEN"})
        by_id = "query($id: ID!) { inspection(id: $id) { propertyAddress } }"
        expect("The answer to the inspection", self.agent.is_kept_out(by_id, id=self.inspection["id"]), {"FORBIDDEN"})
        self._expect_invisible(self.agent, self.inspection["id"], "the inspection")
        stranger = Caller("A stranger", self.api_url, "A" * 43)
        expect(
            "The answer to a made-up link",
            stranger.is_kept_out("{ viewer { ... on PayerViewer { invoice { id } } } }"),
            {"UNAUTHENTICATED"},
        )
        wanted = sorted([[AGENT_EMAIL], [AGENT_EMAIL], [CLIENT_EMAIL]])
        until("Mails in all", lambda: sorted(self._recipients()), wanted, seconds_max=MAIL_SECONDS_MAX)
        self.say(
            "\nWith his payment link Arthur tries the client portal, the report and the inspection: refused.\n"
            "  Three mails were sent in all of this, each to one person: Arthur's invoice, and a receipt to each payer."
        )

    def _person(self, name: str, email: str) -> str:
        return str(self.owner.mutate("createPerson", "person { id }", name=name, email=email)["person"]["id"])

    def _read_inspection(self, selection: str) -> Any:
        query = f"query($id: ID!) {{ inspection(id: $id) {{ {selection} }} }}"
        return self.owner.read(query, id=self.inspection["id"])["inspection"]

    def _primary(self) -> Any:
        return self._read_inspection("primaryInvoice { remaining { formatted } }")["primaryInvoice"]

    def _read_invoice(self, caller: Caller, selection: str, *, subject: str) -> Any:
        query = f"query($id: ID!, $subject: String) {{ invoice(id: $id) {{ {selection} }} }}"
        return caller.read(query, id=self.invoice["id"], subject=subject)["invoice"]

    def _status(self, caller: Caller, invoice_id: str) -> str:
        found = caller.read("query($id: ID!) { invoice(id: $id) { status } }", id=invoice_id)
        return str(found["invoice"]["status"])

    def _expect_invisible(self, caller: Caller, node_id: str, what: str) -> None:
        codes = caller.is_kept_out("query($id: ID!) { node(id: $id) { id } }", id=node_id)
        expect(f"The answer to {what} by its id", codes, {"NOT_FOUND"})

    def _recipients(self) -> list[list[str]]:
        return [mail["recipients"] for mail in self._mails()]

    def _mails(self) -> list[Any]:
        return list(get(f"{self.mailbox_url}/api/messages").json())
