"""Chapter III, an invoice's life: all the ends it can come to besides being paid."""

from sandbox import visitor
from sandbox.demo.api_client import Caller, expect
from sandbox.demo.scenario import INSPECTION, RADON, Scene, Stage

TITLE = "III. An invoice's life"


class InvoiceLife:
    """Two inspections: one whose agent pays less than asked, and one with a bank and a bank's customer in the way."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.say = stage.say
        self.owner = stage.owner
        self.short: Scene = stage.book(
            "48 Birch Street, Oak Park",
            INSPECTION,
            RADON,
            guests=[("Cyrus Hale", "CLIENT"), ("Anna Frost", "BUYERS_AGENT")],
        )
        self.banked: Scene = stage.book(
            "91 Prairie Road, Naperville",
            INSPECTION,
            RADON,
            guests=[("Celia Marsh", "CLIENT"), ("Luis Vega", "LISTING_AGENT")],
        )

    def play(self) -> None:
        """Tell it from beginning to end. Raises Surprise when it goes otherwise."""
        self.void()
        self.close_short()
        self.write_off()
        luis, his, payment = self.bank_settles_later()
        self.bank_takes_it_back(luis, his, payment)
        self.dispute_is_lost()

    def void(self) -> None:
        """Withdrawn while the agent stands at the checkout: nothing of it works any more."""
        annas = self.short.bill("BUYERS_AGENT", fixedAmount="125.00")
        anna = self.short.payer("BUYERS_AGENT", annas)
        _, checkout = self.short.begin(anna, annas)
        self.owner.mutate("voidInvoice", "invoice { status }", invoiceId=annas)
        expect("The withdrawn checkout's answer", visitor.pay(checkout, card=visitor.CARD), 410)
        expect(
            "The answer to her link",
            anna.is_kept_out("{ viewer { ... on PayerViewer { invoice { id } } } }"),
            {"UNAUTHENTICATED"},
        )
        self.short.expect("Cyrus's invoice", self.short.primary, total="$450.00")
        self.say("Anna, the agent, is at the checkout for $125.00 when Olivia withdraws the invoice: the checkout and")
        self.say("  her link are dead, and Cyrus, the client, owes $450.00 again.")

    def close_short(self) -> None:
        """Content with less: the rest returns to the client."""
        annas = self.short.bill("BUYERS_AGENT", fixedAmount="125.00")
        self.short.pay(self.short.payer("BUYERS_AGENT", annas), annas, "100.00")
        self.short.expect("Anna's invoice", annas, status="OPEN", remaining="$25.00")
        self.owner.mutate("closeInvoiceShort", invoiceId=annas)
        self.short.expect("Anna's closed invoice", annas, status="PAID", total="$100.00", remaining="$0.00")
        self.short.expect("Cyrus's invoice", self.short.primary, total="$350.00")
        self.say("Billed again, Anna pays $100.00 of $125.00. Olivia closes the invoice short; Cyrus owes $350.00.")

    def write_off(self) -> None:
        """Given up, but not refused should it come."""
        annas = self.short.bill("BUYERS_AGENT", fixedAmount="50.00")
        anna = self.short.payer("BUYERS_AGENT", annas)
        self.owner.mutate("markInvoiceUncollectible", invoiceId=annas)
        self.short.expect("Anna's written-off invoice", annas, status="UNCOLLECTIBLE", remaining="$50.00")
        expect("What her link opens", anna.read("{ viewer { __typename } }")["viewer"]["__typename"], "PayerViewer")
        self.say("$50.00 more are never paid: written off. They count as owed, and would still be taken.")

    def bank_settles_later(self) -> tuple[Caller, str, str]:
        """Agreed to today, ours when the bank says so."""
        his = self.banked.bill("LISTING_AGENT", fixedAmount="200.00")
        luis = self.banked.payer("LISTING_AGENT", his)
        payment = self.banked.pay(luis, his, until="PROCESSING", bank="succeeds")
        self.banked.expect("Luis's invoice", his, status="OPEN", paymentStatus="PROCESSING", inFlight="$200.00")
        refused = self.owner.is_refused("voidInvoice", invoiceId=his)
        expect("The answer to withdrawing it now", refused, "PAYMENT_IN_PROGRESS")
        self.say(
            "\nLuis, the listing agent, pays $200.00 by bank debit: under way for days, in which nothing is voided."
        )
        self.stage.control("settle", payment_intent=self.banked.intent(payment))
        self.banked.until_payment(payment, "SUCCEEDED")
        self.banked.expect("Luis's invoice", his, status="PAID", inFlight="$0.00", settled="$200.00")
        self.say("The bank settles it: paid.")
        return luis, his, payment

    def bank_takes_it_back(self, luis: Caller, his: str, payment: str) -> None:
        """A debit can be returned after it succeeded."""
        self.stage.control("returns", payment_intent=self.banked.intent(payment))
        self.banked.until_payment(payment, "RETURNED")
        self.banked.expect("Luis's invoice", his, status="OPEN", settled="$0.00", remaining="$200.00")
        self.banked.pay(luis, his)
        self.banked.expect("Luis's invoice, paid by card", his, status="PAID", remaining="$0.00")
        self.say("Then it takes the money back: returned, $200.00 are due again. Luis pays them by card.")

    def dispute_is_lost(self) -> None:
        """What a bank's customer calls back is not given back a second time."""
        scene = self.banked
        payment = scene.pay(scene.client(), scene.primary, until="DISPUTED", card=visitor.DISPUTED_CARD)
        scene.expect("Celia's invoice", scene.primary, status="PAID", paymentStatus="DISPUTED", remaining="$0.00")
        refused = self.owner.is_refused("refundPayment", paymentId=payment)
        expect("The answer to refunding what is disputed", refused, "PAYMENT_NOT_REFUNDABLE")
        self.stage.control(f"disputes/{self.stage.dispute_of(scene.intent(payment))}", outcome="lost")
        scene.until_payment(payment, "LOST")
        scene.expect("Celia's invoice", scene.primary, status="OPEN", settled="$0.00", remaining="$250.00")
        self.say("Celia, the client, pays her $250.00 and disputes it with her bank. It can't be refunded meanwhile.")
        self.say("  The company loses the dispute: her invoice is open again.")
