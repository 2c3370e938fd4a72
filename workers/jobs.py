"""The jobs: one line of work each, safe to run twice."""

from typing import Any, TypedDict
from uuid import UUID

from arq.connections import ArqRedis

from gateways.smtp import Mailer
from gateways.stripe import StripeGateway
from operations import emails, hearing, payments, refunding, refunds, settling
from rules.links import Portals

POLL_BATCH_MAX = 50
EMAIL_BATCH_MAX = 10
EMAIL_BATCHES_MAX = 20


class JobContext(TypedDict):
    """What arq hands to every job: the process's connections."""

    redis: ArqRedis
    stripe: StripeGateway
    mailer: Mailer
    portals: Portals


async def send_emails(ctx: JobContext, *_ignored: Any) -> None:
    """Hand over the mails that are due."""
    for _ in range(EMAIL_BATCHES_MAX):
        sent = await emails.send_due_emails(limit=EMAIL_BATCH_MAX, mailer=ctx["mailer"], portals=ctx["portals"])
        if sent < EMAIL_BATCH_MAX:
            return


async def poll_payments(ctx: JobContext, *_ignored: Any) -> None:
    """Ask Stripe about the payments longest without news."""
    for payment_id in await payments.take_due_for_polling(limit=POLL_BATCH_MAX):
        await settling.settle_payment(payment_id, stripe=ctx["stripe"])


async def poll_refunds(ctx: JobContext, *_ignored: Any) -> None:
    """Ask Stripe about the refunds longest without news."""
    for refund_id in await refunds.take_refunds_due(limit=POLL_BATCH_MAX):
        await refunding.settle_refund(refund_id, stripe=ctx["stripe"])


async def hear_stripe(ctx: JobContext, *_ignored: Any) -> None:
    """Ask the Stripe accounts that were longest not asked for their news."""
    for company_id in await hearing.take_accounts_due(limit=POLL_BATCH_MAX):
        await hearing.hear_account(company_id, stripe=ctx["stripe"])


async def settle_payment(ctx: JobContext, payment_id: str) -> None:
    """Ask Stripe about one payment now."""
    await settling.settle_payment(UUID(payment_id), stripe=ctx["stripe"])
