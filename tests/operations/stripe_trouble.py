"""What others do at Stripe, and what Stripe does to us: foreign objects, lost accounts, saved faults, and time."""

from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

import models
from operations.payments import stripe_accounts, stripe_events
from rules import clock
from rules.retry import LOOK_AFTER
from rules.states import LIVE_PAYMENTS, PAID_AT_STRIPE, PaymentState, RefundStatus
from sandbox.stripe.process import ControlFailed
from tests.operations.money_actions import MoneyActions
from workers import jobs

SWEEPS = (LOOK_AFTER / 2, LOOK_AFTER / 2, timedelta(seconds=10))
"""How long after one another the workers look, while two minutes pass: far less often than they really do."""

TWO_MINUTES = sum(SWEEPS, timedelta(0))
"""Nothing may be frozen for longer, whatever Stripe did; the workers' next look comes on top."""

ACCOUNTS_MAX = 3

HALF_A_DAY = timedelta(hours=12, minutes=1)
"""Longer than any checkout lives."""

CALLS = {
    "checkout": "POST /v1/checkout/sessions$",
    "expire": "POST /v1/checkout/sessions/*/expire$",
    "refund": "POST /v1/refunds$",
    "account": "POST /v1/accounts$",
}
UNFINISHED = [state for state in LIVE_PAYMENTS if state is not PaymentState.PROCESSING]
"""Attempts that no bank has: what keeps an invoice from being changed."""

HOPELESS = ("cannot currently make charges", "must have succeeded", "has already been refunded", "charged back",
            "greater than unrefunded", "Nothing is left")  # fmt: skip
"""Why the simulator may refuse what others want to do: it is not possible at Stripe either."""


class StripeTrouble:
    """Trouble for the company of `actions`; nothing here may harm what is ours."""

    def __init__(self, actions: MoneyActions) -> None:
        self.actions = actions
        self.outside = actions.outside
        self.revoked: set[str] = set()
        self.rejected: set[str] = set()

    async def accounts(self) -> list[str]:
        """Every account that the company ever charged on, the newest last."""
        mine = models.ConnectedAccount.filter(company_id=self.actions.company, account_id__isnull=False)
        return [str(account.account_id) for account in await mine.order_by("id")]

    async def somebody_else_is_paid(self, n: int, way: str) -> None:
        """A payment on one of our accounts that is none of ours; it may be refunded or disputed at once."""
        accounts = await self.accounts()
        payment = await self.actions.pick(models.Payment.all(), n)
        named = str(payment.id) if payment else "7"
        texts: tuple[dict[str, str], ...] = ({"payment_id": "ORD-1001"}, {}, {"payment_id": named})
        given: dict[str, Any] = {"metadata": texts[n % 3], "amount": 1_000 + n}
        if payment and n % 2:
            given["client_reference_id"] = f"{payment.id}-again"
        made = await self._try(self.outside.foreign_payment(accounts[n % len(accounts)], way=way, **given))
        if made is None or made.charge_id is None:
            return
        if n % 5 == 1:
            await self._try(self.outside.foreign_refund(charge_id=made.charge_id, amount_minor=n or 1))
        if n % 5 == 2:
            await self._try(self.outside.foreign_dispute(charge_id=made.charge_id))
        if n % 5 == 3:
            await self.outside.foreign_balance(accounts[n % len(accounts)], kind=("payout", "fee")[n % 2])

    async def somebody_else_refunds(self, n: int, amount_minor: int | None) -> None:
        """A refund of a payment of ours, made in Stripe's dashboard with whatever metadata its owner likes."""
        paid = models.Payment.filter(state="SUCCEEDED", stripe_payment_intent_id__isnull=False)
        if payment := await self.actions.pick(paid, n):
            elsewhere = await self.actions.pick(models.Refund.exclude(payment_id=payment.id), n)
            named = str(elsewhere.id if elsewhere else payment.id)
            texts: tuple[dict[str, str], ...] = ({"refund_id": "RMA-77"}, {}, {"refund_id": named})
            intent = str(payment.stripe_payment_intent_id)
            given: dict[str, Any] = {"amount_minor": amount_minor, "metadata": texts[n % 3]}
            await self._try(self.outside.foreign_refund(payment_intent_id=intent, **given))

    async def lose_account(self, n: int, how: str) -> None:
        """The present account is `revoked` by its owner, `rejected` by Stripe, or `disconnected` by the company."""
        company = await models.Company.get(id=self.actions.company)
        account = company.stripe_account_id
        if account is None or account in self.revoked | self.rejected:
            return
        if how == "disconnected":
            await stripe_accounts.disconnect_stripe(self.actions.staff)
        elif how == "rejected":
            await self.outside.reject_account(account, reason=("rejected.fraud", "rejected.other")[n % 2])
            self.rejected.add(account)
        else:
            await self.outside.revoke_account(account)
            self.revoked.add(account)
        await stripe_events.sync_events_soon(account)  # As the webhook does.

    async def connect(self, *, another: bool) -> None:
        """The owner connects an account, and completes what Stripe asks; of other ones there are a few at most."""
        another = another and len(await self.accounts()) < ACCOUNTS_MAX
        url = await stripe_accounts.connect_stripe(
            self.actions.staff, stripe=self.actions.stripe, portal_url="https://staff.test/", another=another
        )
        await self.outside.client.post(f"{url}/complete")
        await stripe_accounts.refresh_stripe_connection(self.actions.company, stripe=self.actions.stripe)

    async def restore_accounts(self) -> None:
        """Every account is ours to ask about again, and can charge."""
        for account in sorted(self.revoked | self.rejected):
            await self.outside.restore_account(account)
            await stripe_events.sync_events_soon(account)  # As the webhook does.
        self.revoked.clear()
        self.rejected.clear()

    async def meet_500(self, call: str, action: Coroutine[Any, Any, None], *, after_effect: bool) -> None:
        """Stripe answers the next `call` with a 500, saved under its key, while `action` is done."""
        await self.outside.save_500(CALLS[call], after_effect=after_effect)
        try:
            await action
        finally:
            await self.outside.control("faults", method="DELETE")

    async def time_passes(self, by: timedelta = timedelta(0)) -> None:
        """After `by`, the workers run for two minutes as they always do: what is due, and nothing else."""
        await self.actions.time.advance(by)
        context: Any = {"stripe": self.actions.stripe, "concurrency": 4}
        for pause in SWEEPS:
            await self.actions.time.advance(pause)
            await jobs.sync_stripe_events(context)
            await jobs.poll_payments(context)
            await jobs.poll_refunds(context)

    async def frozen(self) -> list[str]:
        """What still waits two minutes after the last trouble, and is not a checkout that somebody may yet pay."""
        now, mine = clock.now(), models.Payment.filter(company_id=self.actions.company)
        found = []
        for payment in await mine.filter(state__in=UNFINISHED):
            may_be_paid = payment.checkout_expires_at is not None and payment.checkout_expires_at > now - TWO_MINUTES
            hidden = payment.stripe_account_id in self.revoked
            is_open = payment.state is PaymentState.REQUIRES_ACTION or (hidden and payment.checkout_session_id)
            if not (may_be_paid and is_open):
                found.append(f"Payment {payment.id} of {payment.created_at} is {payment.state} at {now}.")
        waiting = models.Refund.filter(company_id=self.actions.company, status=RefundStatus.REQUESTED)
        return found + [
            f"Refund {refund.id} of {refund.created_at} is REQUESTED at {now}."
            for refund in await waiting.prefetch_related("payment")
            if refund.payment.stripe_account_id not in self.revoked
        ]

    async def lost(self) -> list[str]:
        """Money at Stripe that our payments don't show, asked of Stripe without the product's own code."""
        ours = {str(payment.id): payment for payment in await models.Payment.filter(company_id=self.actions.company)}
        found = []
        for account in await self.accounts():
            for session in await self.actions.at_stripe("checkout/sessions", account):
                payment = ours.get(session["client_reference_id"] or "")
                if payment is None:
                    continue
                if (session["payment_status"] == "paid") != (payment.state in PAID_AT_STRIPE):
                    found.append(f"Payment {payment.id} is {payment.state}, but {session['payment_status']} at Stripe.")
                if session["payment_intent"]:
                    found += await self._lost_refunds(payment, session["payment_intent"], account)
        return found

    async def _lost_refunds(self, payment: models.Payment, intent: str, account: str) -> list[str]:
        made = await self.actions.at_stripe("refunds", account, payment_intent=intent)
        returned = sum(refund["amount"] for refund in made if refund["status"] == "succeeded")
        if returned == payment.refunded_minor:
            return []
        return [f"Payment {payment.id} gave back {payment.refunded_minor}, but {returned} at Stripe."]

    async def _try(self, wish: Coroutine[Any, Any, Any]) -> Any:
        """What others want; None where Stripe would not do it either."""
        try:
            return await wish
        except ControlFailed as refused:
            if not any(words in str(refused) for words in HOPELESS):
                raise
            return None
