"""`audit`: prove every stored balance from its entries, and payments from Stripe's own balance."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

from app.commands.database import database_url, unreachable_database_refused
from app.commands.outcomes import fail, refuse
from gateways.stripe import StripeRefused, StripeUnavailable
from gateways.stripe_connection import stripe_gateway
from models import database
from models.audits import note_audit
from operations.ledger.reconciliation import Discrepancy, reconcile_ledgers, reconcile_stripe, unseen


def audit(data_dir: Path, *, stripe_api_key: str, stripe_base_url: str) -> None:
    """Print each discrepancy; ends with status 1 when there is any, and 2 when Stripe could not be asked."""
    with database_url(data_dir) as url, unreachable_database_refused():
        discrepancies = asyncio.run(_audit(url, stripe_api_key, stripe_base_url))
    if discrepancies:
        fail("\n".join(map(str, discrepancies)) + f"\n{len(discrepancies)} figures do not agree.")
    print("Every stored balance follows from its entries, and payments agree with Stripe.")


async def _audit(url: str, stripe_api_key: str, stripe_base_url: str) -> list[Discrepancy]:
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(database.database(url, pool_size=2))
        stripe = await stack.enter_async_context(stripe_gateway(stripe_api_key, base_url=stripe_base_url))
        discrepancies = await _collect(reconcile_ledgers())
        try:
            discrepancies += await _collect(reconcile_stripe(stripe=stripe))
        except (StripeUnavailable, StripeRefused) as error:
            for discrepancy in discrepancies:
                print(discrepancy)
            refuse(f"Stripe could not be asked: {error}.")
        async for sentence in unseen():
            print(sentence)
        await note_audit(len(discrepancies))
        return discrepancies


async def _collect(found: AsyncIterator[Discrepancy]) -> list[Discrepancy]:
    return [discrepancy async for discrepancy in found]
