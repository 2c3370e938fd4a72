"""Chapter V, trouble at Stripe: what others do on the company's account, a fault that Stripe keeps, a lost account."""

from sandbox import visitor
from sandbox.demo.api_client import Caller, expect, until
from sandbox.demo.scenario import INSPECTION, RADON, SECONDS_MAX, Scene, Stage

TITLE = "V. Trouble at Stripe"

_REFUNDS = "payments { id amount { formatted } refunds { amount { formatted } status reason } }"


class StripeTrouble:
    """One inspection whose payments meet everything that is not Inspectpay's at Stripe."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.say = stage.say
        self.owner = stage.owner
        self.account = stage.account_id()
        self.scene: Scene = stage.book(
            "5 Harbor Lane, Wilmette",
            INSPECTION,
            RADON,
            guests=[("Dora Finch", "CLIENT"), ("Hugo Lane", "BUYERS_AGENT")],
        )

    def play(self) -> None:
        """Tell it from beginning to end. Raises Surprise when it goes otherwise."""
        hugos, payment = self.others_use_the_account()
        self.fault_is_kept(hugos, payment)
        dora, checkout, hers = self.account_is_lost()
        self.account_comes_back(dora, checkout, hers)

    def others_use_the_account(self) -> tuple[str, str]:
        """A shop's payment is none of ours; a refund made in Stripe's dashboard is ours to show."""
        hugos = self.scene.bill("BUYERS_AGENT", fixedAmount="125.00")
        payment = self.scene.pay(self.scene.payer("BUYERS_AGENT", hugos), hugos)
        self.stage.control("foreign/payments", account=self.account, amount=7_700)
        intent = self.scene.intent(payment)
        self.stage.control(
            "foreign/refunds", payment_intent=intent, amount=2_000, metadata={"refund_id": "RMA-77", "payment_id": "7"}
        )
        self.scene.until(
            "Hugo's invoice", hugos, status="PAID", settled="$105.00", credited="$20.00", remaining="$0.00"
        )
        expect("The inspection's payments", len(self.scene.read(_REFUNDS)["payments"]), 1)
        self.say("Hugo, the agent, pays $125.00. A shop of the company's sells something for $77.00 on the same Stripe")
        self.say(
            "  account: none of our business. In Stripe's dashboard somebody refunds $20.00 of Hugo's payment under"
        )
        self.say('  their own number, "RMA-77": it is shown and credited, and news of everything else is still heard.')
        return hugos, payment

    def fault_is_kept(self, hugos: str, payment: str) -> None:
        """Stripe does the work and answers with an error, which it repeats for a day: looking finds the truth."""
        self.stage.control("faults", match="POST /v1/refunds$", kind="status", value=500, effect=True)
        refund = self.owner.mutate("refundPayment", "refund { status }", paymentId=payment, amount="30.00")["refund"]
        expect("The refund that Stripe did not confirm", refund["status"], "REQUESTED")
        self.scene.until("Hugo's invoice", hugos, status="PAID", settled="$75.00", credited="$50.00")
        (paid,) = self.scene.read(_REFUNDS)["payments"]
        made = sorted((refund["amount"]["formatted"], refund["status"]) for refund in paid["refunds"])
        expect("Hugo's refunds", made, [("$20.00", "SUCCEEDED"), ("$30.00", "SUCCEEDED")])
        self.say("Olivia refunds $30.00. Stripe does it, answers with an error, and repeats that error whenever asked:")
        self.say("  the worker looks what Stripe has, finds the refund, and nothing goes back twice.")

    def account_is_lost(self) -> tuple[Caller, str, str]:
        """The company takes our access away while its client stands at the checkout."""
        dora = self.scene.client()
        hers, checkout = self.scene.begin(dora, self.scene.primary)
        self.stage.control(f"accounts/{self.account}/revoke")
        self._until_connection("DISCONNECTED")
        refused = dora.is_refused("startPayment", invoiceId=self.scene.primary, amount="100.00")
        expect("The answer to starting another payment", refused, "INVOICE_NOT_PAYABLE")
        self.say("\nDora, the client, is at the checkout when the company's Stripe account takes our access away: the")
        self.say("  company reads DISCONNECTED and why, and nobody can begin to pay.")
        return dora, checkout, hers

    def account_comes_back(self, dora: Caller, checkout: str, hers: str) -> None:
        """What was paid meanwhile is found and booked."""
        expect("The open checkout's answer", visitor.pay(checkout, card=visitor.CARD), 303)
        self.scene.expect("Dora's invoice while Stripe hides it", self.scene.primary, status="OPEN", settled="$0.00")
        self.stage.control(f"accounts/{self.account}/restore")
        self._until_connection("READY")
        self.scene.until_payment(hers, "SUCCEEDED")
        self.scene.expect("Dora's invoice", self.scene.primary, status="PAID", settled="$325.00", remaining="$0.00")
        seen = self.scene.read("primaryInvoice { status }", dora)["primaryInvoice"]
        expect("Dora's invoice in her portal", seen["status"], "PAID")
        self.say("Her checkout still works at Stripe: she pays $325.00, unseen by us. The account is connected again,")
        self.say("  Stripe is asked what became of it all, and her payment is found and booked.")

    def _until_connection(self, status: str) -> None:
        """Wait until the company has heard; whatever is not READY says why."""
        until("The Stripe connection", lambda: self._connection()["status"], status, seconds_max=SECONDS_MAX)
        expect("Whether a reason is told", bool(self._connection()["reason"]), status != "READY")

    def _connection(self) -> dict[str, str]:
        found = self.owner.read("{ viewer { ... on InspectorViewer { company { stripe { status reason } } } } }")
        connection: dict[str, str] = found["viewer"]["company"]["stripe"]
        return connection
