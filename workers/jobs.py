"""The jobs: one line of work each, safe to run twice."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from time import monotonic
from typing import Protocol, TypedDict
from uuid import UUID

import structlog
from arq.connections import ArqRedis

from gateways.job_queue import enqueue
from gateways.metrics import REMINDERS
from gateways.smtp import Mailer
from gateways.stripe import StripeGateway
from models import changes, retention
from operations.invoices import reminders
from operations.messages import automation_runner, delivery
from operations.payments import refunds, stripe_events, sync_refunds
from operations.payments.poll_payments import poll_due_payments
from rules import clock
from rules.links import Portals

POLL_BATCH_MAX = 50
POLL_BATCHES_MAX = 20
SWEEP_MAX = 5_000
"""How many mails, or payments, one sweep takes; the next one follows at once."""

CLAIM_SECONDS_MAX = 3.0
"""How long a sweep goes on claiming: the last dialogue it starts must end before the sweep has to."""

CHANGES_BATCH_MAX = 5_000
CHANGES_BATCHES_MAX = 60
"""A minute's clearing keeps up with 5,000 changes a second."""

RETENTION_BATCH_MAX = 500
"""Of each kind, once a minute: 720,000 a day."""

AT_ONCE_MAX = 4
"""How many rows one job asks Stripe about at a time; fewer than the process has connections to the database."""

log = structlog.get_logger(__name__)


class JobResources(TypedDict):
    """What a process gives its jobs for as long as it runs."""

    stripe: StripeGateway
    mailer: Mailer
    portals: Portals
    concurrency: int


class Claim(Protocol):
    """Takes at most so many rows that are due."""

    def __call__(self, *, limit: int) -> Awaitable[Sequence[UUID]]: ...


class JobContext(JobResources):
    """What arq hands to every job: those, and the queue itself."""

    redis: ArqRedis


async def send_emails(ctx: JobContext) -> int:
    """Send the mails that are due."""
    return await delivery.send_due_emails(
        limit=SWEEP_MAX,
        at_once=ctx["concurrency"],
        claim_seconds_max=CLAIM_SECONDS_MAX,
        mailer=ctx["mailer"],
        portals=ctx["portals"],
    )


async def poll_payments(ctx: JobContext) -> int:
    """Ask Stripe about the payments that it was not asked about for longest."""
    return await poll_due_payments(
        limit=SWEEP_MAX, at_once=ctx["concurrency"], claim_seconds_max=CLAIM_SECONDS_MAX, stripe=ctx["stripe"]
    )


async def poll_refunds(ctx: JobContext) -> None:
    """Ask Stripe about the refunds that it was not asked about for longest."""
    await _until_none_is_due(refunds.claim_refunds_due, partial(sync_refunds.sync_refund, stripe=ctx["stripe"]))


async def sync_stripe_events(ctx: JobContext) -> None:
    """Sync the events of the Stripe accounts that were not asked for longest."""
    work = partial(stripe_events.sync_events, stripe=ctx["stripe"])
    await _until_none_is_due(stripe_events.claim_accounts_due, work)


async def run_automations(ctx: JobContext) -> None:
    """Write the mails that automations owe for what happened."""
    if await _until_none_is_due(automation_runner.claim_automation_events, automation_runner.run_automations_for):
        await enqueue(ctx["redis"], "send_emails")


async def remind(_: JobContext) -> None:
    """Write the reminders that are due for unpaid invoices."""
    due = await reminders.invoices_to_remind(limit=POLL_BATCH_MAX)
    await _each(due, reminders.remind)
    REMINDERS.inc(len(due))


async def clear_changes(_: JobContext) -> None:
    """Remove what the change feed told long ago."""
    before = clock.now() - changes.KEPT
    for _batch in range(CHANGES_BATCHES_MAX):
        if await changes.clear_changes(before=before, limit=CHANGES_BATCH_MAX) < CHANGES_BATCH_MAX:
            return


async def remove_old(_: JobContext) -> None:
    """Remove what is older than it is kept."""
    await retention.remove_old(limit=RETENTION_BATCH_MAX)


async def _until_none_is_due(claim: Claim, work: Callable[[UUID], Awaitable[None]]) -> int:
    """Do the work for what is due, batch by batch; returns for how many rows."""
    started, done = monotonic(), 0
    for _ in range(POLL_BATCHES_MAX):
        due = await claim(limit=POLL_BATCH_MAX)
        await _each(due, work)
        done += len(due)
        if len(due) < POLL_BATCH_MAX or monotonic() - started > CLAIM_SECONDS_MAX:
            break
    return done


async def _each(row_ids: Sequence[UUID], work: Callable[[UUID], Awaitable[None]]) -> None:
    """Do the work for every row. One that fails is logged, and comes up again when its lease ends."""
    turns = asyncio.Semaphore(AT_ONCE_MAX)

    async def one(row_id: UUID) -> None:
        async with turns:
            try:
                await work(row_id)
            except Exception:  # Whatever it is, it must not keep the rows behind it waiting for ever.
                log.exception("row_failed", row_id=str(row_id))

    await asyncio.gather(*(one(row_id) for row_id in row_ids))
