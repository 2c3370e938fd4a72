"""Asking Stripe about the payments that are due: many at a time, and one statement for all that brought nothing new."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from tortoise import connections

from gateways.stripe import StripeGateway, StripeRateLimited
from models import Payment
from operations.batches import Batch, work_off
from operations.leases import Turns
from operations.payments.checkout import claim_payments_due
from operations.payments.sync_payments import (
    faults_noted,
    fetch_or_note,
    is_known,
    next_poll_at,
    take_in,
    try_sync_payment,
)
from operations.transactions import transaction
from rules import clock
from rules.states import LIVE_PAYMENTS

WRITES_AT_ONCE_MAX: Final = 4
"""How many payments are taken in at a time; fewer than the process has connections to the database."""


async def poll_due_payments(*, stripe: StripeGateway, limit: int, at_once: int, claim_seconds_max: float) -> int:
    """Sync the payments that Stripe was not asked about for longest, at most `limit`; returns how many there were.

    Companies take turns. `at_once` calls are under way at a time, within Stripe's rate limits: a payment that these
    leave no room for is put off. Safe to run anywhere, several times. One that can't be taken in is noted.
    """
    poller = _Poller(stripe)
    return await work_off(poller.claim, poller.poll, at_once=at_once, limit=limit, claim_seconds_max=claim_seconds_max)


@transaction
async def _put_off(polled: list[tuple[Payment, datetime]]) -> list[None]:
    """Say when the payments are asked about next: those that nobody else has moved or put off meanwhile."""
    await connections.get("default").execute_query(
        "UPDATE payments SET next_poll_at = polled.again_at"
        " FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::timestamptz[]) polled (id, state, until, again_at)"
        " WHERE payments.id = polled.id AND payments.state = polled.state AND payments.next_poll_at = polled.until",
        [
            [payment.id for payment, _ in polled],
            [payment.state.value for payment, _ in polled],
            [payment.next_poll_at for payment, _ in polled],
            [again_at for _, again_at in polled],
        ],
    )
    return [None] * len(polled)


@dataclass(slots=True)
class _Poller:
    """One sweep over the payments that are due."""

    stripe: StripeGateway
    turns: Turns = field(default_factory=Turns)
    writing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(WRITES_AT_ONCE_MAX))
    put_off: Batch[tuple[Payment, datetime], None] = field(default_factory=lambda: Batch(_put_off))

    async def claim(self, limit: int) -> list[Payment]:
        """Payments to ask about now."""
        keys = await claim_payments_due(limit=limit, turns=self.turns)
        return await Payment.filter(id__in=keys) if keys else []

    async def poll(self, payment: Payment) -> None:
        """Ask Stripe about one payment, and take in what is new of it."""
        async with faults_noted(payment.id):
            if payment.checkout_session_id is None or payment.state not in LIVE_PAYMENTS:
                async with self.writing:
                    await try_sync_payment(payment.id, stripe=self.stripe)
                return
            try:
                fetched = await fetch_or_note(payment, stripe=self.stripe)
            except StripeRateLimited as limited:
                await self.put_off.add((payment, clock.now() + timedelta(seconds=limited.retry_after_seconds)))
                return
            if fetched is None:
                return
            if is_known(payment, fetched):
                await self.put_off.add((payment, next_poll_at(payment)))
                return
            async with self.writing:
                await take_in(payment, fetched, stripe=self.stripe)
                await Payment.filter(id=payment.id, unread_reason__isnull=False).update(unread_reason=None)
