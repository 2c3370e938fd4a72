"""What people may do to the money of two inspections, each a method that picks by number what it is done to."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import models
from gateways.stripe_answers import ProviderAccount
from operations.identity import grants
from operations.inspections import inspections, line_items, people
from operations.inspections.checks import NewPerson
from operations.invoices import closures, drafts, invoice_emails
from operations.invoices.drafts import AddInvoice
from operations.invoices.invoice_emails import SendInvoice
from operations.invoices.splits import InvoiceSplit
from operations.payments import (
    checkout,
    connected_accounts,
    manual_payments,
    refunds,
    stripe_events,
    sync_payments,
    sync_refunds,
)
from rules import clock
from rules.access import Principal, Scope
from rules.identifiers import new_id
from rules.roles import PersonRole
from rules.states import PaymentMethod, RefundDisposition
from tests.moving_clock import MovingClock
from tests.world import World


class MoneyActions:
    """One company with two inspections, and everybody who may touch their money. Any action may raise Refusal."""

    def __init__(self, world: World, time: MovingClock) -> None:
        self.world = world
        self.time = time
        self.outside = world.servers.stripe
        self.stripe = world.held.stripe
        self.company = new_id()
        self.jobs: list[UUID] = []
        self.staff = Principal(Scope.INSPECTOR, self.company)

    async def begin(self) -> None:
        """Found the company, with an account that can charge, and book the inspections."""
        await models.Company.create(id=self.company, name="Random Homes", currency="USD")
        account = await self.outside.ready_account()
        await connected_accounts.note_stripe_account(self.company, ProviderAccount(account, True, True))
        user = await models.User.create(
            company_id=self.company, name="U", email=f"{new_id()}@x.test", password_hash="-", role="OWNER"
        )
        self.staff = Principal(Scope.INSPECTOR, self.company, user_id=user.id, owner=True)
        self.jobs = [await self._job(user.id) for _ in range(2)]

    async def _job(self, user_id: UUID) -> UUID:
        persons = [
            await people.create_person(self.staff, people.CreatePerson(name, f"{new_id()}@x.test"))
            for name in ("C", "A", "S")
        ]
        roles = (PersonRole.CLIENT, PersonRole.BUYERS_AGENT, PersonRole.LISTING_AGENT)
        kind = models.LineItemKind.SERVICE
        return await inspections.create_inspection(
            self.staff,
            inspections.CreateInspection(
                property_address="1 Random Road",
                scheduled_at=clock.now(),
                inspector_id=user_id,
                people=[NewPerson(p, r) for p, r in zip(persons, roles, strict=True)],
                line_items=[line_items.NewLineItem(kind, f"S{n}", Decimal(n * 100)) for n in (1, 2, 3)],
            ),
        )

    async def pick(self, rows: Any, n: int) -> Any:
        """One of the company's rows, None where there is none."""
        found = await rows.filter(company_id=self.company).order_by("id")
        return found[n % len(found)] if found else None

    async def _item(self, n: int) -> Any:
        return await self.pick(models.LineItem.filter(removed_at=None), n)

    async def _separate(self, n: int) -> Any:
        return await self.pick(models.Invoice.filter(kind="SEPARATE"), n)

    async def add_item(self, n: int, amount: Decimal, *, discount: bool) -> None:
        """Charge more, or less."""
        kind = models.LineItemKind.DISCOUNT if discount else models.LineItemKind.FEE
        new = line_items.NewLineItem(kind, "Extra", -amount if discount else amount)
        command = line_items.AddLineItem(self.jobs[n % 2], new, update_agreements=False)
        await line_items.add_line_item(self.staff, command, stripe=self.stripe)

    async def edit_item(self, n: int, amount: Decimal) -> None:
        """Change what a charge amounts to."""
        item = await self._item(n)
        signed = -amount if item.kind is models.LineItemKind.DISCOUNT else amount
        changes = line_items.UpdateLineItem(item.id, amount=signed)
        await line_items.update_line_item(self.staff, changes, stripe=self.stripe)

    async def remove_item(self, n: int) -> None:
        """Take a charge away, while a few are left."""
        if await models.LineItem.filter(company_id=self.company, removed_at=None).count() > 4:
            await line_items.remove_line_item(self.staff, (await self._item(n)).id, stripe=self.stripe)

    async def save_invoice(self, n: int, amount: Decimal | None) -> None:
        """Draft a separate invoice, of an amount or of one service."""
        job = self.jobs[n % 2]
        box = await models.InspectionPerson.filter(inspection_id=job).order_by("position")
        items = await models.LineItem.filter(inspection_id=job, removed_at=None).order_by("position")
        chosen = [items[n % len(items)].id] if amount is None and items else None
        await drafts.add_invoice(
            self.staff,
            AddInvoice(
                inspection_id=job, inspection_person_id=box[n % len(box)].id, split=InvoiceSplit(chosen, amount)
            ),
            stripe=self.stripe,
        )

    async def open_invoice(self, n: int) -> None:
        """Copy a separate invoice's payment link."""
        if invoice := await self._separate(n):
            await grants.create_payment_link(self.staff, invoice.id, portals=self.world.settings.portals)

    async def send_invoice(self, n: int) -> None:
        """Mail a separate invoice."""
        if invoice := await self._separate(n):
            await invoice_emails.send_invoice(self.staff, SendInvoice(invoice_id=invoice.id))

    async def owed(self) -> int:
        """What remains on the company's inspections, or is under way; minor units."""
        jobs = await models.Inspection.filter(company_id=self.company)
        return sum(job.remaining_minor + job.in_flight_minor for job in jobs)

    async def end_invoice(self, n: int, how: str) -> None:
        """Void a separate invoice, close it short, or write it off."""
        if invoice := await self._separate(n):
            await getattr(closures, how)(self.staff, invoice.id, stripe=self.stripe)

    async def start_payment(self, n: int, amount: Decimal | None) -> None:
        """Begin to pay an invoice, by default all of it."""
        invoice = await self.pick(models.Invoice.all(), n)
        primary = invoice.kind == "PRIMARY"
        payer = Principal(
            Scope.CLIENT if primary else Scope.PAYER,
            self.company,
            grant_id=new_id(),
            inspection_id=invoice.inspection_id,
            invoice_id=None if primary else invoice.id,
        )
        await checkout.start_payment(
            payer,
            checkout.StartPayment(invoice_id=invoice.id, amount=amount),
            portals=self.world.settings.portals,
            stripe=self.stripe,
        )

    async def pay(self, n: int, form: dict[str, str]) -> None:
        """Fill in an open checkout's page."""
        if payment := await self.pick(models.Payment.filter(state="REQUIRES_ACTION"), n):
            await self.outside.pay(payment.checkout_url, **form)

    async def cancel_payment(self, n: int) -> None:
        """Call an attempt back."""
        if payment := await self.pick(models.Payment.all(), n):
            await checkout.cancel_payment(self.staff, payment.id, stripe=self.stripe)

    async def take_cash(self, n: int, amount: Decimal) -> None:
        """Record money taken by hand."""
        invoice = await self.pick(models.Invoice.all(), n)
        await manual_payments.record_payment(
            self.staff,
            manual_payments.RecordPayment(invoice_id=invoice.id, amount=amount, method=PaymentMethod.CASH),
            stripe=self.stripe,
        )

    async def strike_out_cash(self, n: int) -> None:
        """Strike out money taken by hand."""
        if payment := await self.pick(models.Payment.filter(method="CASH"), n):
            command = manual_payments.RemovePayment(payment_id=payment.id, reason="Mistake")
            await manual_payments.remove_payment(self.staff, command, stripe=self.stripe)

    async def refund(self, n: int, amount: Decimal | None, disposition: RefundDisposition) -> None:
        """Give money back, by default all that is left of a payment."""
        if payment := await self.pick(models.Payment.filter(refundable_minor__gt=0), n):
            await refunds.refund_payment(
                self.staff,
                refunds.RefundPayment(payment_id=payment.id, amount=amount, disposition=disposition),
                stripe=self.stripe,
            )

    async def banks_settle(self) -> None:
        """Debits and refunds under way reach their end."""
        await self.outside.control("settle")

    async def bank_takes_back(self, n: int) -> None:
        """A debit that had succeeded is returned."""
        if payment := await self.pick(models.Payment.filter(state="SUCCEEDED", method="ACH"), n):
            intent = payment.stripe_payment_intent_id
            response = await self.outside.client.post("/_control/returns", json={"payment_intent": intent})
            assert response.status_code in (200, 400), response.text

    async def bank_decides(self, n: int, outcome: str) -> None:
        """An open dispute is won or lost."""
        payment = await self.pick(models.Payment.filter(state="DISPUTED"), n)
        if payment is None:
            return
        given = {"payment_intent": payment.stripe_payment_intent_id}
        for dispute in await self.at_stripe("disputes", payment.stripe_account_id, **given):
            if dispute["status"] == "needs_response":
                await self.outside.control(f"disputes/{dispute['id']}", outcome=outcome)

    async def at_stripe(self, path: str, account_id: str, **given: str) -> list[dict[str, Any]]:
        """What Stripe lists, asked without our gateway; nothing where it hides the account."""
        headers = {"Authorization": "Bearer sk_test_x", "Stripe-Account": account_id}
        found: list[dict[str, Any]] = []
        while True:
            after = {"starting_after": found[-1]["id"]} if found else {}
            params = {"limit": "100", **given, **after}
            response = await self.outside.client.get(f"/v1/{path}", params=params, headers=headers)
            if response.status_code == 403:
                return []
            found += response.json()["data"]
            if not response.json()["has_more"]:
                return found

    async def look(self) -> None:
        """What the workers do, for every row that waits to be looked at, due or not."""
        # First: they may say that an account is back, and its payments wait again.
        for account in await models.ConnectedAccount.filter(company_id=self.company):
            await stripe_events.sync_events(account.id, stripe=self.stripe)
        for payment in await models.Payment.filter(company_id=self.company, next_poll_at__isnull=False):
            await sync_payments.try_sync_payment(payment.id, stripe=self.stripe)
        for refund in await models.Refund.filter(company_id=self.company, next_poll_at__isnull=False):
            await sync_refunds.sync_refund(refund.id, stripe=self.stripe)
