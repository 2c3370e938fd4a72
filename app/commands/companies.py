"""`company list` and `company show`."""

from pathlib import Path

from app.commands.connected import key_of, on_database, print_rows
from models import Company, ConnectedAccount, Email, Inspection, User
from operations.messages.outbox import WAITING
from rules.errors import NotFound


def list_companies(data_dir: Path, *, as_json: bool) -> None:
    """Print every company: its key, its name and whether it can charge."""

    async def rows() -> list[dict[str, object]]:
        return [
            {"key": company.id, "name": company.name, "currency": company.currency, "stripe": company.stripe_status}
            for company in await Company.all().order_by("name", "id")
        ]

    print_rows(on_database(data_dir, rows), as_json=as_json, none="There is no company yet; see `company create`.")


def show_company(data_dir: Path, company: str, *, as_json: bool) -> None:
    """Print one company's settings, how much it holds, and what of it waits."""
    shown = on_database(data_dir, lambda: _show(company))
    print_rows(
        [shown] if as_json else [{"what": name.replace("_", " "), "value": value} for name, value in shown.items()],
        as_json=as_json,
        none="",
    )


async def _show(typed: str) -> dict[str, object]:
    company = await Company.get_or_none(id=key_of(typed, "Company"))
    if company is None:
        raise NotFound("Company")
    return {
        "key": company.id,
        "name": company.name,
        "founded": company.created_at,
        "currency": company.currency,
        "time_zone": company.time_zone,
        "deferred_payments": company.deferred_payments_enabled,
        "advanced_automations": company.advanced_automations_enabled,
        "report_lock": company.report_lock_enabled,
        "second_factor_required": company.second_factor_required,
        "staff": await User.filter(company_id=company.id, deactivated_at=None).count(),
        "inspections": await Inspection.filter(company_id=company.id).count(),
        "mails_waiting": await Email.filter(company_id=company.id, status__in=WAITING).count(),
        "stripe_status": company.stripe_status,
        "stripe_reason": company.stripe_reason,
        "stripe_account": company.stripe_account_id,
        "stripe_accounts_ever": await ConnectedAccount.filter(company_id=company.id).count(),
    }
