"""What people do in the demo before you come: the verbs with which its inspections are made, all of them real."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from app.resources import Resources
from models import Agreement, InspectionPerson, Invoice, LineItem, LineItemKind, Payment, User
from operations.identity import grants
from operations.inspections import agreements, inspections, line_items, people, reports
from operations.inspections.checks import NewPerson
from operations.invoices import closures, drafts, splits
from operations.messages import automations, delivery, notices
from operations.payments import checkout, manual_payments, refunds, stripe_accounts, sync_payments
from rules import clock
from rules.access import Principal, Scope
from rules.roles import PersonRole
from rules.states import InvoiceKind, PaymentMethod, RefundDisposition
from sandbox import visitor

OWNER_EMAIL = "owner@example.com"
AGREEMENT = "We inspect what can be seen without taking anything apart, and report what we find within two days."

Item = tuple[LineItemKind, str, str]
Guest = tuple[str, str, PersonRole, str | None]


@dataclass(frozen=True, slots=True)
class Job:
    """One inspection of the demo."""

    id: UUID
    primary: Invoice
    box: dict[PersonRole, InspectionPerson]


class Seed:
    """The demo's company at work; amounts are in dollars, as people write them."""

    def __init__(self, held: Resources, owner: Principal) -> None:
        self._held = held
        self._owner = owner

    async def connect_stripe(self) -> None:
        """Onboard at the simulator, as the owner would in a browser."""
        stripe, home = self._held.stripe, self._held.settings.portals.staff_url
        url = await stripe_accounts.connect_stripe(self._owner, stripe=stripe, portal_url=home)
        await asyncio.to_thread(visitor.complete_onboarding, url)
        await stripe_accounts.refresh_stripe_connection(self._owner.company_id, stripe=stripe)

    async def job(self, address: str, *, days: int, items: list[Item], guests: list[Guest]) -> Job:
        """An inspection that takes place `days` from today."""
        box = [
            NewPerson(
                person_id=await people.create_person(self._owner, people.CreatePerson(name, email)),
                role=role,
                role_name=role_name,
            )
            for name, email, role, role_name in guests
        ]
        inspection_id = await inspections.create_inspection(
            self._owner,
            inspections.CreateInspection(
                property_address=address,
                scheduled_at=_morning(days),
                people=box,
                line_items=[line_items.NewLineItem(kind, text, Decimal(amount)) for kind, text, amount in items],
                agreement_body=AGREEMENT,
            ),
        )
        entries = await InspectionPerson.filter(inspection_id=inspection_id).order_by("position")
        primary = await Invoice.get(inspection_id=inspection_id, kind=InvoiceKind.PRIMARY)
        return Job(inspection_id, primary, {entry.role: entry for entry in entries})

    async def bill(
        self, job: Job, role: PersonRole, *, amount: str | None = None, services: tuple[str, ...] = (), send: bool
    ) -> UUID:
        """A separate invoice: for a fixed amount, or for the services of these descriptions."""
        chosen = await LineItem.filter(inspection_id=job.id, description__in=services)
        split = splits.InvoiceSplit(
            line_item_ids=[item.id for item in chosen] if services else None,
            fixed_amount=Decimal(amount) if amount else None,
        )
        command = drafts.AddInvoice(inspection_id=job.id, inspection_person_id=job.box[role].id, split=split, send=send)
        invoice_id = await drafts.add_invoice(self._owner, command, stripe=self._held.stripe)
        # At once, as the worker will: a mail that still waits when its invoice is paid is never sent.
        await delivery.send_due_emails(limit=10, mailer=self._held.mailer, portals=self._held.settings.portals)
        return invoice_id

    async def pay_share(self, invoice_id: UUID, *, amount: str | None = None, **form: str) -> UUID:
        """The party that a separate invoice bills follows its link and pays; returns the payment's key."""
        portals = self._held.settings.portals
        link = await grants.create_payment_link(self._owner, invoice_id, portals=portals)
        return await self._pay(link.url, invoice_id, amount, **form)

    async def pay_primary(self, job: Job, *, amount: str | None = None, **form: str) -> UUID:
        """The client follows the portal's link and pays, all that remains unless it is said how much."""
        return await self._pay(await self.client_link(job), job.primary.id, amount, **form)

    async def client_link(self, job: Job) -> str:
        """A link to the client portal, for the client."""
        client = grants.ShareClientPortal(job.id, person_id=job.box[PersonRole.CLIENT].person_id)
        link = await grants.share_client_portal(self._owner, client, portals=self._held.settings.portals)
        return link.url

    async def _pay(self, link: str, invoice_id: UUID, amount: str | None, **form: str) -> UUID:
        payer = await grants.principal_of_link(link.partition("#")[2])
        payment_id = await checkout.start_payment(
            payer,
            checkout.StartPayment(invoice_id=invoice_id, amount=Decimal(amount) if amount else None),
            portals=self._held.settings.portals,
            stripe=self._held.stripe,
        )
        payment = await Payment.get(id=payment_id)
        assert payment.checkout_url is not None, "a payment that has begun has its checkout"
        await asyncio.to_thread(visitor.pay, payment.checkout_url, **(form or {"card": visitor.CARD}))
        await sync_payments.sync_payment(payment_id, stripe=self._held.stripe)
        return payment_id

    async def refund(self, payment_id: UUID, *, amount: str | None = None) -> None:
        """The company gives money back."""
        await refunds.refund_payment(
            self._owner,
            refunds.RefundPayment(
                payment_id=payment_id,
                amount=Decimal(amount) if amount else None,
                reason="The inspection took less time",
                disposition=RefundDisposition.CREDIT,
            ),
            stripe=self._held.stripe,
        )

    async def take_cash(self, job: Job, amount: str) -> None:
        """The inspector is paid by hand."""
        await manual_payments.record_payment(
            self._owner,
            manual_payments.RecordPayment(
                invoice_id=job.primary.id,
                amount=Decimal(amount),
                method=PaymentMethod.CASH,
                reference="at the door",
            ),
            stripe=self._held.stripe,
        )

    async def cancel(self, job: Job) -> None:
        """The job is called off."""
        await inspections.cancel_inspection(self._owner, job.id, stripe=self._held.stripe)

    async def drop_item(self, job: Job, description: str) -> None:
        """The inspector takes a charge back."""
        item = await LineItem.get(inspection_id=job.id, description=description)
        await line_items.remove_line_item(self._owner, item.id, stripe=self._held.stripe)

    async def add_item(self, job: Job, item: Item) -> None:
        """The inspector charges something more, and updates the agreement."""
        kind, text, amount = item
        new = line_items.NewLineItem(kind, text, Decimal(amount))
        command = line_items.AddLineItem(job.id, new, update_agreements=True)
        await line_items.add_line_item(self._owner, command, stripe=self._held.stripe)

    async def void(self, invoice_id: UUID) -> None:
        """The inspector withdraws an invoice."""
        await closures.void_invoice(self._owner, invoice_id, stripe=self._held.stripe)

    async def close_short(self, invoice_id: UUID) -> None:
        """The inspector is content with what was paid."""
        await closures.close_invoice_short(self._owner, invoice_id, stripe=self._held.stripe)

    async def write_off(self, invoice_id: UUID) -> None:
        """The inspector gives an invoice up."""
        await closures.mark_invoice_uncollectible(self._owner, invoice_id, stripe=self._held.stripe)

    async def sign(self, job: Job, name: str) -> None:
        """The client signs the agreement in the portal."""
        client = await grants.principal_of_link((await self.client_link(job)).partition("#")[2])
        agreement = await Agreement.get(inspection_id=job.id, current=True)
        await agreements.sign_agreement(client, agreements.SignAgreement(agreement.id, name=name))

    async def share_portal(self, job: Job, email: str) -> None:
        """The client lets somebody else into the portal."""
        client = await grants.principal_of_link((await self.client_link(job)).partition("#")[2])
        guest = grants.ShareClientPortal(job.id, email=email)
        await grants.share_client_portal(client, guest, portals=self._held.settings.portals)

    async def automate(self, new: automations.SaveAutomation) -> None:
        """The company makes an automation of its own."""
        await automations.save_automation(self._owner, new)

    async def publish_report(self, job: Job, url: str) -> None:
        """The inspector has written the report."""
        await reports.publish_report(self._owner, reports.PublishReport(job.id, url=url))

    async def notify(self, job: Job, role: PersonRole, subject: str, message: str) -> None:
        """The inspector writes to one person."""
        notice = notices.NotifyPerson(job.box[role].id, subject=subject, message=message)
        await notices.notify_person(self._owner, notice)

    async def silence(self, job: Job) -> None:
        """The inspector turns notifications off."""
        off = inspections.SetNotificationsDisabled(job.id, disabled=True)
        await inspections.set_notifications_disabled(self._owner, off)


async def signed_in_owner() -> Principal | None:
    """The demo's owner, as if signed in; None in a database that the demo did not fill."""
    user = await User.get_or_none(email=OWNER_EMAIL)
    if user is None:
        return None
    return Principal(scope=Scope.INSPECTOR, company_id=user.company_id, user_id=user.id, owner=True)


def _morning(days: int) -> datetime:
    nine = clock.now().replace(hour=15, minute=0, second=0, microsecond=0)  # 9 in Chicago, or 10 in summer.
    return nine + timedelta(days=days)
