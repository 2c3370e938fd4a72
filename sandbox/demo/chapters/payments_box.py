"""Chapter II, the payments box: charges that change, money taken by hand, and money that goes back."""

from sandbox import visitor
from sandbox.demo.api_client import expect
from sandbox.demo.scenario import Scene, Stage

TITLE = "II. The payments box"


class PaymentsBox:
    """One inspection whose charges and payments change until they are even."""

    def __init__(self, stage: Stage) -> None:
        self.say = stage.say
        self.owner = stage.owner
        self.scene: Scene = stage.book(
            "27 Willow Street, Evanston",
            ("SERVICE", "Home inspection", "400.00"),
            ("ADD_ON", "Mold test", "90.00"),
            guests=[("Carl Dean", "CLIENT"), ("Amy Lund", "BUYERS_AGENT")],
        )

    def play(self) -> None:
        """Tell it from beginning to end. Raises Surprise when it goes otherwise."""
        amys, payment = self.charges_change()
        self.check_is_struck_out()
        self.credit(amys, payment)
        second = self.reopen()
        self.overpayment(second)

    def charges_change(self) -> tuple[str, str]:
        """What is added is the client's; what is edited revises the open invoice that bills it."""
        scene = self.scene
        amys = scene.bill("BUYERS_AGENT", lineItemIds=[scene.items["Mold test"]])
        amy = scene.payer("BUYERS_AGENT", amys)
        _, stale = scene.begin(amy, amys)
        scene.add_item("Termite check", "60.00")
        scene.expect("Amy's invoice after a new charge", amys, revision=1, total="$90.00")
        scene.expect("Carl's invoice after a new charge", scene.primary, total="$460.00")
        self.say("Amy, the agent, is billed for the mold test and at the checkout when Olivia adds a termite check:")
        self.say("  its $60.00 go to Carl, the client, who owes $460.00 now. Amy's invoice stays $90.00.")
        self.owner.mutate("updateLineItem", lineItemId=scene.items["Mold test"], amount="75.00")
        scene.expect("Amy's invoice after an edit", amys, status="OPEN", revision=2, total="$75.00")
        expect("The old checkout's answer", visitor.pay(stale, card=visitor.CARD), 410)
        payment = scene.pay(amy, amys)
        scene.expect("Amy's invoice", amys, status="PAID", settled="$75.00")
        self.say("The mold test turns out cheaper: revision 2 asks for $75.00, and the old checkout has expired.")
        self.say("  Amy's link is still good. She pays $75.00.")
        return amys, payment

    def check_is_struck_out(self) -> None:
        """A payment by hand counts at once; struck out, it never was, but the audit trail remembers."""
        scene = self.scene
        payment = self.owner.mutate(
            "recordPayment",
            "payment { id }",
            invoiceId=scene.primary,
            amount="100.00",
            method="CHECK",
            reference="No. 1077",
        )["payment"]["id"]
        scene.expect("Carl's invoice after a check", scene.primary, settled="$100.00", remaining="$360.00")
        self.owner.mutate("removePayment", "payment { status }", paymentId=payment, reason="The check bounced")
        scene.expect("Carl's invoice without the check", scene.primary, settled="$0.00", remaining="$460.00")
        names = [event["name"] for event in scene.read("events { name }")["events"]]
        expect("What the trail says last", names[-2:], ["payment.recorded", "payment.removed"])
        self.say("Olivia records Carl's check of $100.00, which bounces: she strikes it out. The trail keeps both.")

    def credit(self, amys: str, payment: str) -> None:
        """By default what goes back is not asked for again."""
        self.scene.refund(payment, amount="15.00", reason="Came late")
        self.scene.expect(
            "Amy's invoice after a refund",
            amys,
            status="PAID",
            paymentStatus="PARTIALLY_REFUNDED",
            settled="$60.00",
            credited="$15.00",
            remaining="$0.00",
        )
        refused = self.owner.is_refused("refundPayment", paymentId=payment, amount="60.01")
        expect("The answer to refunding more than is left", refused, "AMOUNT_EXCEEDS_REFUNDABLE")
        self.say("\n$15.00 go back to Amy's card and are credited: she owes nothing. More than is left can't go back.")

    def reopen(self) -> str:
        """What goes back can also be asked for again; returns the payment that pays it again."""
        scene = self.scene
        carl = scene.client()
        payment = scene.pay(carl, scene.primary)
        scene.expect("Carl's invoice", scene.primary, status="PAID", settled="$460.00")
        scene.refund(payment, amount="60.00", disposition="REOPEN")
        scene.expect("Carl's reopened invoice", scene.primary, status="OPEN", remaining="$60.00")
        second = scene.pay(carl, scene.primary)
        scene.expect("Carl's invoice, paid again", scene.primary, status="PAID", remaining="$0.00")
        self.say("Carl pays $460.00. $60.00 of it were on the wrong card: refunded with REOPEN they are due again,")
        self.say("  and he pays them with another one.")
        return second

    def overpayment(self, payment: str) -> None:
        """What was paid for a charge that is gone is shown, and given back."""
        scene = self.scene
        self.owner.mutate("removeLineItem", lineItemId=scene.items["Termite check"])
        scene.expect(
            "Carl's invoice without the termite check", scene.primary, paymentStatus="OVERPAID", overpaid="$60.00"
        )
        scene.refund(payment)
        scene.expect("Carl's invoice at last", scene.primary, status="PAID", overpaid="$0.00", remaining="$0.00")
        self.say("No termites after all: that charge is removed, Carl has overpaid $60.00, and gets them back.")
