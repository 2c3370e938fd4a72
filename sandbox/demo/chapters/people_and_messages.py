"""Chapter IV, people and messages: whom the company writes to, what they may see, and what they sign."""

from typing import Any

from sandbox import visitor
from sandbox.demo.api_client import Caller, expect, until
from sandbox.demo.scenario import SECONDS_MAX, Scene, Stage

TITLE = "IV. People and messages"
ATTORNEY, CLIENT, MOTHER = "Theo Grant", "Nina Hart", "ruth.hart@example.com"
REPORT_URL = "https://reports.example.com/nina-hart.pdf"
NOTICE, REPORT_READY, FEE_TOLD = "The closing is on Friday", "The report is ready", "A new charge"
_VIEWER = "{ viewer { __typename ... on ClientViewer { inspection { id } } } }"


class PeopleAndMessages:
    """One inspection with an attorney, a report, and an agreement to sign."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.say = stage.say
        self.owner = stage.owner

    def play(self) -> None:
        """Tell it from beginning to end. Raises Surprise when it goes otherwise."""
        scene = self.additional_role()
        self.automations(scene)
        self.notifications_off(scene)
        nina = scene.client()
        self.agreement(scene, nina)
        attorney = self.report(scene, nina)
        self.unlocked_by_payment(scene, nina, attorney)
        self.shared_and_revoked(scene, nina)

    def additional_role(self) -> Scene:
        """A role of the company's own, and a notice to whoever has it."""
        changes = {
            "additionalRoles": ["Attorney", "Transaction coordinator"],
            "advancedAutomationsEnabled": True,
            "reportLockEnabled": True,
        }
        self.owner.mutate("updateCompany", "company { additionalRoles }", **changes)
        scene = self.stage.book(
            "5 Harbor Court, Lake Forest",
            ("SERVICE", "Home inspection", "400.00"),
            guests=[(CLIENT, "CLIENT"), (ATTORNEY, "ADDITIONAL", "Attorney")],
            agreementBody="We inspect what can be seen without taking anything apart.",
        )
        entry = scene.entry("ADDITIONAL")
        self.owner.mutate("notifyPerson", inspectionPersonId=entry["id"], subject=NOTICE, message="Please be on time.")
        mail = self.stage.mail(ATTORNEY, subject=NOTICE)
        expect("Links in a notice", "http" in mail["text"], False)
        person = entry["person"]["id"]
        refused = self.owner.is_refused("shareClientPortal", inspectionId=scene.id, personId=person)
        expect("The answer to giving him the portal by hand", refused, "INVALID_INPUT")
        self.say("Olivia names roles of her own and adds Theo, the attorney. Her notice reaches him, without a link;")
        self.say("  giving him the client portal by hand is refused.")
        return scene

    def automations(self, scene: Scene) -> None:
        """Base automations know the built-in roles only; advanced ones are how an attorney gets in."""
        found = self.owner.read("{ automations { id tier trigger } }")["automations"]
        fee_added = next(one["id"] for one in found if (one["tier"], one["trigger"]) == ("BASE", "FEE_ADDED"))
        refused = self.owner.is_refused("saveAutomation", automationId=fee_added, recipients=["CLIENT", "Attorney"])
        expect("A base automation's answer to an attorney", refused, "ROLE_NOT_ALLOWED")
        self.owner.mutate("saveAutomation", automationId=fee_added, enabled=True, subject=FEE_TOLD)
        self.owner.mutate(
            "saveAutomation",
            name="Report to the attorney",
            trigger="REPORT_PUBLISHED",
            recipients=["Attorney"],
            subject=REPORT_READY,
            message="Dear {{recipient_name}}, this opens the client portal of {{property_address}}.",
            link="CLIENT_PORTAL",
        )
        self.say("\nThe base automation for new charges refuses to mail attorneys; for Nina, the client, it is turned")
        self.say("  on. An advanced one will send the portal to the attorney when the report is published.")

    def notifications_off(self, scene: Scene) -> None:
        """What was kept silent stays silent."""
        self._disable(scene, disabled=True)
        scene.add_item("Key pickup", "20.00")
        invoice = {"inspectionId": scene.id, "inspectionPersonId": scene.entry("ADDITIONAL")["id"]}
        refused = self.owner.is_refused("addInvoice", **invoice, fixedAmount="100.00", send=True)
        expect("The answer to sending an invoice meanwhile", refused, "NOTIFICATIONS_DISABLED")
        self._disable(scene, disabled=False)
        scene.add_item("Second visit", "30.00", update_agreements=True)
        self.stage.mail(CLIENT, subject=FEE_TOLD)
        expect("The charge that Nina hears of", self._told(), {"$30.00"})
        self.say("With notifications off, $20.00 more reach nobody, and sending an invoice is refused aloud. Once on")
        self.say("  again, Nina hears of the next charge, $30.00, and never of the one before.")

    def agreement(self, scene: Scene, nina: Caller) -> None:
        """Unsigned it follows in place; signed it stays as signed, and a new version is to be signed."""
        (first,) = self._agreements(scene)
        expect("The updated agreement", (first["version"], first["total"]["formatted"]), (1, "$450.00"))
        self._sign(nina, first)
        scene.add_item("Crawl space", "25.00", update_agreements=True)
        newest, signed = self._agreements(scene)
        expect("The new version", (newest["version"], newest["total"]["formatted"]), (2, "$475.00"))
        expect("The signed version", (signed["version"], signed["total"]["formatted"]), (1, "$450.00"))
        refused = nina.is_refused("signAgreement", agreementId=signed["id"], name=CLIENT)
        expect("The answer to signing the old version", refused, "AGREEMENT_NOT_CURRENT")
        self._sign(nina, newest)
        until("Charges that Nina heard of", self._told, {"$25.00", "$30.00"}, seconds_max=SECONDS_MAX)
        self.say("\nThe agreement, updated to $450.00, is signed by Nina. $25.00 more make a second version, which she")
        self.say("  signs too; the first stays as she signed it.")

    def report(self, scene: Scene, nina: Caller) -> Caller:
        """Published, but locked until everything is paid; the attorney is let in, and sees no more than that."""
        self.owner.mutate("publishReport", inspectionId=scene.id, url=REPORT_URL)
        expect("The report to Nina", self._report(scene, nina), {"url": None, "locked": True})
        mail = self.stage.mail(ATTORNEY, subject=REPORT_READY)
        attorney = self.stage.bearer(ATTORNEY, visitor.link_in(mail["text"]))
        viewer = attorney.read(_VIEWER)["viewer"]
        expect("What the attorney's link opens", viewer, {"__typename": "ClientViewer", "inspection": {"id": scene.id}})
        expect("The report to the attorney", self._report(scene, attorney), {"url": None, "locked": True})
        links = scene.read("grants { personName issuedBy }")["grants"]
        how = {link["issuedBy"] for link in links if link["personName"] == ATTORNEY}
        expect("How the attorney got his link", how, {"AUTOMATION"})
        self.say("The report is published and locked: $475.00 are due. The automation's mail lets the attorney into")
        self.say("  the portal; that is the only way in for him that Olivia has.")
        return attorney

    def unlocked_by_payment(self, scene: Scene, nina: Caller, attorney: Caller) -> None:
        """Paying is what opens it."""
        scene.pay(nina, scene.primary)
        for caller in (nina, attorney):
            expect(f"The report to {caller.who}", self._report(scene, caller), {"url": REPORT_URL, "locked": False})
        self.say("Nina pays: the report opens, to both of them.")

    def shared_and_revoked(self, scene: Scene, nina: Caller) -> None:
        """The client lets in whom she likes, and out again."""
        shared = nina.mutate("shareClientPortal", "grant { id } url", inspectionId=scene.id, email=MOTHER)
        mother = self.stage.bearer("Ruth", shared["url"])
        expect("The report to Nina's mother", self._report(scene, mother), {"url": REPORT_URL, "locked": False})
        listed = [one["personName"] for one in scene.read("grants { personName }", nina)["grants"]]
        expect("Whose links Nina sees", set(listed), {CLIENT, ATTORNEY, MOTHER})
        nina.mutate("revokeGrant", "grant { revokedAt }", grantId=shared["grant"]["id"])
        expect("The answer to the revoked link", mother.is_kept_out(_VIEWER), {"UNAUTHENTICATED"})
        nina.read(_VIEWER)
        self.say("\nShe shares the portal with her mother, sees who else has a link, and revokes that one: closed.")

    def _told(self) -> set[str]:
        texts = [mail["text"] for mail in self.stage.mails(CLIENT, subject=FEE_TOLD)]
        return {amount for amount in ("$20.00", "$25.00", "$30.00") if any(amount in text for text in texts)}

    def _disable(self, scene: Scene, *, disabled: bool) -> None:
        self.owner.mutate("setNotificationsDisabled", inspectionId=scene.id, disabled=disabled)

    def _agreements(self, scene: Scene) -> list[Any]:
        found: list[Any] = scene.read("agreements { id version total { formatted } }")["agreements"]
        return found

    def _sign(self, nina: Caller, agreement: Any) -> None:
        signed = nina.mutate("signAgreement", "agreement { signedBy }", agreementId=agreement["id"], name=CLIENT)
        expect("Who signed", signed["agreement"]["signedBy"], CLIENT)

    def _report(self, scene: Scene, caller: Caller) -> Any:
        return scene.read("report { url locked }", caller)["report"]
