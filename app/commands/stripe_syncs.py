"""`payment sync` and `events sync`: asking Stripe now, instead of waiting for the worker's turn."""

from pathlib import Path

from app.commands.connected import key_of, on_database
from app.commands.outcomes import refuse
from gateways.stripe_connection import stripe_gateway
from models import Company, ConnectedAccount, Inspection, Payment
from operations.audit_log import record, record_of_company
from operations.payments.stripe_events import sync_events
from operations.payments.sync_payments import sync_payment
from rules.access import Operator
from rules.errors import NotFound, Refusal


def sync_one_payment(data_dir: Path, payment: str, *, stripe_api_key: str, stripe_base_url: str) -> None:
    """Ask Stripe about one payment, and print what it was and is."""
    _require_key(stripe_api_key)

    async def work() -> tuple[str, Payment]:
        found = await Payment.get_or_none(id=key_of(payment, "Payment"))
        if found is None:
            raise NotFound("Payment")
        if found.stripe_account_id is None:
            raise Refusal("This payment was recorded by hand: Stripe knows nothing of it.")
        inspection = await Inspection.get(id=found.inspection_id)
        await record(inspection, "payment.sync_asked", found.id, by=Operator(found.company_id))
        async with stripe_gateway(stripe_api_key, base_url=stripe_base_url) as stripe:
            await sync_payment(found.id, stripe=stripe)
        return found.state.value, await Payment.get(id=found.id)

    before, after = on_database(data_dir, work)
    said = f"The payment was {before} and is {after.state.value}"
    print(f"{said}; Stripe gave no usable answer." if after.unanswered_since else f"{said}.")


def sync_company_events(data_dir: Path, company: str, *, stripe_api_key: str, stripe_base_url: str) -> None:
    """Ask Stripe for the events of every account that a company has or had."""
    _require_key(stripe_api_key)

    async def work() -> list[str]:
        key = key_of(company, "Company")
        if not await Company.exists(id=key):
            raise NotFound("Company")
        await record_of_company(key, "stripe_events.sync_asked", key, by=Operator(key))
        told = []
        async with stripe_gateway(stripe_api_key, base_url=stripe_base_url) as stripe:
            for account in await ConnectedAccount.filter(company_id=key, account_id__isnull=False).order_by("id"):
                await sync_events(account.id, stripe=stripe)
                after = await ConnectedAccount.get(id=account.id)
                told.append(f"{account.account_id}: {_outcome(account, after)}")
        return told

    told = on_database(data_dir, work)
    print("\n".join(told) if told else "The company has connected no Stripe account.")


def _outcome(before: ConnectedAccount, after: ConnectedAccount) -> str:
    if after.hidden_since is not None:
        return "Stripe does not show us this account."
    return "events taken in." if after.event_id != before.event_id else "no new events."


def _require_key(stripe_api_key: str) -> None:
    if not stripe_api_key:
        refuse("STRIPE_API_KEY is not set: the platform account's secret key.")
