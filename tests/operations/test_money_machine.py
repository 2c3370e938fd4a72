"""The money under random use: whatever is done, in any order, every cent stays accounted for.

Hypothesis plays the operations against PostgreSQL and the Stripe simulator from a thread of its own, while the
operations run in the tests' event loop.
"""

import asyncio
import os
import random
from collections.abc import Coroutine
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as given
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tortoise import connections

import models
from gateways.stripe_answers import ObservedAccount
from operations import (
    connected_accounts,
    ending_invoices,
    grants,
    hearing,
    inspections,
    invoices,
    line_items,
    manual_payments,
    payments,
    people,
    refunding,
    refunds,
    sending,
    settling,
)
from operations.auditing import audit_books, audit_stripe
from operations.inspection_checks import NewPerson
from operations.sending import Letter
from operations.shares import Share
from rules import clock
from rules.access import Principal, Scope
from rules.errors import Refusal
from rules.identifiers import new_id
from rules.roles import PersonRole
from rules.states import PaymentMethod, RefundDisposition
from tests.world import World

EXAMPLES = 9
STEPS = 68
PARTS = 10
STEPS_MIN = 500
"""9 examples of up to 68 steps in 10 parts, of which each plays 500 at least: 5,000 steps in a run."""

AMOUNTS = given.integers(1, 50_000).map(lambda minor: Decimal(minor) / 100)
PICKS = given.integers(0, 1_000)
CARDS = ("4242424242424242", "4000000000000002", "4000000000000259", "4000000000005126", "4000000000007726")
NEVER_NEGATIVE = (
    "SELECT count(*) AS n FROM invoices WHERE company_id = $1 AND LEAST(total_minor, credited_minor, settled_minor,"
    " in_flight_minor, remaining_minor, overpaid_minor, refunded_minor) < 0"
)
NEVER_EXCEEDED = (
    "SELECT count(*) AS n FROM inspections i WHERE company_id = $1 AND i.total_minor <> (SELECT COALESCE(SUM("
    "total_minor), 0) FROM invoices v WHERE v.inspection_id = i.id AND v.status <> 'VOID')"
)


class MoneyMachine(RuleBasedStateMachine):
    """Two inspections of one company, and everybody who may touch their money."""

    world: ClassVar[World]
    loop: ClassVar[asyncio.AbstractEventLoop]
    steps: ClassVar[int] = 0

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run `work` in the tests' loop; a refusal is one of the answers that money may give."""

        async def refusable() -> Any:
            try:
                return await work
            except Refusal as refusal:
                return refusal

        return asyncio.run_coroutine_threadsafe(refusable(), self.loop).result(timeout=60)

    @initialize()
    def begin(self) -> None:
        self.run(self._begin())

    async def _begin(self) -> None:
        company = await models.Company.create(name="Random Homes", currency="USD")
        account = await self.world.servers.stripe.ready_account()
        await connected_accounts.note_stripe_account(company.id, ObservedAccount(account, True, True))
        user = await models.User.create(
            company_id=company.id, name="U", email=f"{new_id()}@x.test", password_hash="-", role="OWNER"
        )
        self.company = company.id
        self.staff = Principal(Scope.INSPECTOR, company.id, user_id=user.id, owner=True)
        self.jobs = [await self._job(user.id) for _ in range(2)]
        self.stripe = self.world.held.stripe

    async def _job(self, user_id: UUID) -> UUID:
        persons = [
            await people.create_person(self.staff, name=name, email=f"{new_id()}@x.test", phone=None)
            for name in ("C", "A", "S")
        ]
        roles = (PersonRole.CLIENT, PersonRole.BUYERS_AGENT, PersonRole.LISTING_AGENT)
        kind = models.LineItemKind.SERVICE
        return await inspections.create_inspection(
            self.staff,
            property_address="1 Random Road",
            scheduled_at=clock.now(),
            inspector_id=user_id,
            people=[NewPerson(p, r) for p, r in zip(persons, roles, strict=True)],
            line_items=[line_items.NewLineItem(kind, f"S{n}", Decimal(n * 100)) for n in (1, 2, 3)],
            agreement_body=None,
        )

    async def _pick(self, rows: Any, n: int) -> Any:
        found = await rows.filter(company_id=self.company).order_by("id")
        return found[n % len(found)] if found else None

    async def _item(self, n: int) -> Any:
        return await self._pick(models.LineItem.filter(removed_at=None), n)

    async def _separate(self, n: int) -> Any:
        return await self._pick(models.Invoice.filter(kind="SEPARATE"), n)

    @rule(n=PICKS, amount=AMOUNTS, discount=given.booleans())
    def add_item(self, n: int, amount: Decimal, discount: bool) -> None:
        kind = models.LineItemKind.DISCOUNT if discount else models.LineItemKind.FEE
        new = line_items.NewLineItem(kind, "Extra", -amount if discount else amount)
        job = self.jobs[n % 2]
        self.run(line_items.add_line_item(self.staff, job, new, update_agreements=False, stripe=self.stripe))

    @rule(n=PICKS, amount=AMOUNTS)
    def edit_item(self, n: int, amount: Decimal) -> None:
        async def edit() -> None:
            item = await self._item(n)
            signed = -amount if item.kind is models.LineItemKind.DISCOUNT else amount
            await line_items.update_line_item(self.staff, item.id, description=None, amount=signed, stripe=self.stripe)

        self.run(edit())

    @rule(n=PICKS)
    def remove_item(self, n: int) -> None:
        async def remove() -> None:
            if await models.LineItem.filter(company_id=self.company, removed_at=None).count() > 4:
                await line_items.remove_line_item(self.staff, (await self._item(n)).id, stripe=self.stripe)

        self.run(remove())

    @rule(n=PICKS, amount=given.none() | AMOUNTS)
    def save_invoice(self, n: int, amount: Decimal | None) -> None:
        async def save() -> None:
            job = self.jobs[n % 2]
            box = await models.InspectionPerson.filter(inspection_id=job).order_by("position")
            items = await models.LineItem.filter(inspection_id=job, removed_at=None).order_by("position")
            chosen = [items[n % len(items)].id] if amount is None and items else None
            await invoices.add_invoice(
                self.staff,
                job,
                box[n % len(box)].id,
                Share(chosen, amount),
                letter=Letter(),
                send=False,
                idempotency_key=None,
                stripe=self.stripe,
            )

        self.run(save())

    @rule(n=PICKS)
    def open_invoice(self, n: int) -> None:
        async def open_() -> None:
            if invoice := await self._separate(n):
                await grants.create_payment_link(self.staff, invoice.id, portals=self.world.settings.portals)

        self.run(open_())

    @rule(n=PICKS)
    def send_invoice(self, n: int) -> None:
        async def send() -> None:
            if invoice := await self._separate(n):
                await sending.send_invoice(self.staff, invoice.id, Letter(), idempotency_key=None)

        self.run(send())

    @rule(n=PICKS, how=given.sampled_from(["void_invoice", "close_invoice_short", "mark_invoice_uncollectible"]))
    def end_invoice(self, n: int, how: str) -> None:
        async def end() -> None:
            if invoice := await self._separate(n):
                await getattr(ending_invoices, how)(self.staff, invoice.id, stripe=self.stripe)

        self.run(end())

    @rule(n=PICKS, amount=given.none() | AMOUNTS)
    def start_payment(self, n: int, amount: Decimal | None) -> None:
        async def start() -> None:
            invoice = await self._pick(models.Invoice.all(), n)
            primary = invoice.kind == "PRIMARY"
            payer = Principal(
                Scope.CLIENT if primary else Scope.PAYER,
                self.company,
                grant_id=new_id(),
                inspection_id=invoice.inspection_id,
                invoice_id=None if primary else invoice.id,
            )
            await payments.start_payment(
                payer,
                invoice.id,
                amount=amount,
                idempotency_key=None,
                portals=self.world.settings.portals,
                stripe=self.stripe,
            )

        self.run(start())

    @rule(n=PICKS, form=given.sampled_from([*({"card": c} for c in CARDS), {"bank": "succeeds"}, {"bank": "fails"}]))
    def pay(self, n: int, form: dict[str, str]) -> None:
        async def pay() -> None:
            if payment := await self._pick(models.Payment.filter(state="REQUIRES_ACTION"), n):
                await self.world.servers.stripe.pay(payment.checkout_url, **form)

        self.run(pay())

    @rule(n=PICKS, form=given.sampled_from([{"card": CARDS[0]}, {"card": CARDS[2]}, {"bank": "succeeds"}]))
    def pay_through(self, n: int, form: dict[str, str]) -> None:
        self.start_payment(n, None)
        self.pay(0, form)
        self.workers_look()

    @rule(n=PICKS)
    def cancel_payment(self, n: int) -> None:
        async def cancel() -> None:
            if payment := await self._pick(models.Payment.all(), n):
                await payments.cancel_payment(self.staff, payment.id, stripe=self.stripe)

        self.run(cancel())

    @rule(n=PICKS, amount=AMOUNTS)
    def take_cash(self, n: int, amount: Decimal) -> None:
        async def take() -> None:
            invoice = await self._pick(models.Invoice.all(), n)
            await manual_payments.record_payment(
                self.staff,
                invoice.id,
                amount=amount,
                method=PaymentMethod.CASH,
                reference=None,
                idempotency_key=None,
                stripe=self.stripe,
            )

        self.run(take())

    @rule(n=PICKS)
    def strike_out_cash(self, n: int) -> None:
        async def strike() -> None:
            if payment := await self._pick(models.Payment.filter(method="CASH"), n):
                await manual_payments.remove_payment(self.staff, payment.id, reason="Mistake", stripe=self.stripe)

        self.run(strike())

    @rule(n=PICKS, amount=given.none() | AMOUNTS, disposition=given.sampled_from(RefundDisposition))
    def refund(self, n: int, amount: Decimal | None, disposition: RefundDisposition) -> None:
        async def refund() -> None:
            if payment := await self._pick(models.Payment.filter(refundable_minor__gt=0), n):
                await refunds.refund_payment(
                    self.staff,
                    payment.id,
                    amount=amount,
                    reason=None,
                    disposition=disposition,
                    idempotency_key=None,
                    stripe=self.stripe,
                )

        self.run(refund())

    @rule()
    def banks_settle(self) -> None:
        self.run(self.world.servers.stripe.control("settle"))

    @rule(n=PICKS)
    def bank_takes_back(self, n: int) -> None:
        async def take_back() -> None:
            if payment := await self._pick(models.Payment.filter(state="SUCCEEDED", method="ACH"), n):
                intent = payment.stripe_payment_intent_id
                response = await self.world.servers.stripe.client.post(
                    "/_control/returns", json={"payment_intent": intent}
                )
                assert response.status_code in (200, 400), response.text

        self.run(take_back())

    @rule(n=PICKS, outcome=given.sampled_from(["won", "lost"]))
    def bank_decides(self, n: int, outcome: str) -> None:
        async def decide() -> None:
            if payment := await self._pick(models.Payment.filter(state="DISPUTED"), n):
                stripe = self.world.servers.stripe
                found = await stripe.client.get(
                    "/v1/disputes",
                    params={"payment_intent": payment.stripe_payment_intent_id},
                    headers={"Authorization": "Bearer sk_test_x", "Stripe-Account": payment.stripe_account_id},
                )
                dispute = found.json()["data"][0]
                if dispute["status"] == "needs_response":
                    await stripe.control(f"disputes/{dispute['id']}", outcome=outcome)

        self.run(decide())

    @precondition(lambda self: hasattr(self, "jobs"))
    @rule()
    def workers_look(self) -> None:
        """Once they have, Stripe's balance agrees with ours: captured = settled + refunded + disputed."""
        self.run(self._look())
        found = self.run(self._stripe_drifts())
        assert found == [], found

    async def _look(self) -> None:
        mine = models.Payment.filter(company_id=self.company)
        for payment in await mine.filter(next_poll_at__isnull=False):
            await settling.settle_payment(payment.id, stripe=self.stripe)
        for refund in await models.Refund.filter(company_id=self.company, next_poll_at__isnull=False):
            await refunding.settle_refund(refund.id, stripe=self.stripe)
        for account in await models.ConnectedAccount.filter(company_id=self.company):
            await hearing.hear_account(account.id, stripe=self.stripe)

    @invariant()
    def books_are_true(self) -> None:
        if hasattr(self, "jobs"):
            type(self).steps += 1
            found = self.run(self._drifts())
            assert found == [], found

    async def _drifts(self) -> list[str]:
        found = [str(drift) async for drift in audit_books(self.company)]
        for check in (NEVER_NEGATIVE, NEVER_EXCEEDED):
            (row,) = await connections.get("default").execute_query_dict(check, [self.company])
            found += [check] if row["n"] else []
        return found

    def teardown(self) -> None:
        if hasattr(self, "jobs"):
            self.workers_look()
            self.books_are_true()

    async def _stripe_drifts(self) -> list[str]:
        return [str(drift) async for drift in audit_stripe(self.company, stripe=self.stripe)]


@pytest.mark.parametrize("part", range(PARTS))
async def test_money_is_never_lost_or_made(world: World, part: int) -> None:
    """S1, S40"""
    again = os.environ.get("MONEY_SEED")
    seed = int(again or random.SystemRandom().randrange(2**32))
    MoneyMachine.world, MoneyMachine.loop, MoneyMachine.steps = world, asyncio.get_running_loop(), 0
    machine = hypothesis.seed(seed + part)(MoneyMachine)
    options = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        print_blob=True,
        # Shrinking plays on for minutes: only for whoever plays a seed again.
        phases=[Phase.generate, Phase.shrink] if again else [Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    try:
        await asyncio.to_thread(run_state_machine_as_test, machine, settings=options)
    except BaseException as failure:
        failure.add_note(f"To play this again: MONEY_SEED={seed}")
        raise
    assert MoneyMachine.steps >= STEPS_MIN
