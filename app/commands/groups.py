"""The groups of commands by which an operator looks after companies, staff, mails and payments."""

from typing import Annotated

import typer

from app.commands.options import (
    DEMO_DATA,
    STRIPE_URL,
    AsJson,
    CompanyKey,
    DataDir,
    EmailAddress,
    EmailKey,
    PaymentKey,
    StripeKey,
    StripeUrl,
)


def _group(sentence: str) -> typer.Typer:
    return typer.Typer(help=sentence, no_args_is_help=True, rich_markup_mode=None)


company, user = _group("Companies."), _group("Staff of companies.")
email, payment, events = _group("Mails of the outbox."), _group("Payments."), _group("What Stripe tells.")
Role = Annotated[str, typer.Option(help="OWNER or INSPECTOR.")]
OfCompany = Annotated[str | None, typer.Option("--company", help="Only of the company with this key.")]


@company.command("list")
def list_companies(as_json: AsJson = False, data_dir: DataDir = DEMO_DATA) -> None:
    """List companies with their keys, and whether each can charge."""
    from app.commands import companies

    companies.list_companies(data_dir, as_json=as_json)


@company.command("show")
def show_company(company: CompanyKey, as_json: AsJson = False, data_dir: DataDir = DEMO_DATA) -> None:
    """Show one company: settings, how much it holds, what waits."""
    from app.commands import companies

    companies.show_company(data_dir, company, as_json=as_json)


@user.command("list")
def list_users(company: OfCompany = None, as_json: AsJson = False, data_dir: DataDir = DEMO_DATA) -> None:
    """List staff, their roles, and who can sign in."""
    from app.commands import staff

    staff.list_users(data_dir, company, as_json=as_json)


@user.command("invite")
def invite_user(
    company: CompanyKey,
    name: Annotated[str, typer.Option(help="Their name.")],
    email: Annotated[str, typer.Option(help="Where the invitation goes, and what they will sign in with.")],
    role: Role = "INSPECTOR",
    data_dir: DataDir = DEMO_DATA,
) -> None:
    """Mail somebody an invitation; again, if they have not come: another link, which ends the one before."""
    from app.commands import staff

    staff.invite(data_dir, company, name=name, email=email, role=role)


@user.command("deactivate")
def deactivate_user(email: EmailAddress, data_dir: DataDir = DEMO_DATA) -> None:
    """End somebody's access and all their sessions at once."""
    from app.commands import staff

    staff.deactivate(data_dir, email)


@user.command("reactivate")
def reactivate_user(email: EmailAddress, data_dir: DataDir = DEMO_DATA) -> None:
    """Let somebody who was deactivated sign in again."""
    from app.commands import staff

    staff.reactivate(data_dir, email)


@user.command("reset-password")
def reset_password(email: EmailAddress, data_dir: DataDir = DEMO_DATA) -> None:
    """Mail somebody a link to choose a new password."""
    from app.commands import staff

    staff.reset_password(data_dir, email)


@user.command("set-role")
def set_role(
    email: EmailAddress,
    role: Annotated[str, typer.Argument(help="OWNER or INSPECTOR.")],
    data_dir: DataDir = DEMO_DATA,
) -> None:
    """Give somebody another role."""
    from app.commands import staff

    staff.set_role(data_dir, email, role)


@email.command("list")
def list_emails(
    status: Annotated[str | None, typer.Option(help="Such as FAILED; by default all that are not done.")] = None,
    company: OfCompany = None,
    limit: Annotated[int, typer.Option(help="How many at most.", min=1, max=1000)] = 50,
    as_json: AsJson = False,
    data_dir: DataDir = DEMO_DATA,
) -> None:
    """List mails that wait or failed, the newest first."""
    from app.commands import mails

    mails.list_emails(data_dir, status=status, company=company, limit=limit, as_json=as_json)


@email.command("retry")
def retry_email(email: EmailKey, data_dir: DataDir = DEMO_DATA) -> None:
    """Have a mail tried again at once: one that waits, FAILED, or is UNCERTAIN and may then arrive twice."""
    from app.commands import mails

    mails.retry(data_dir, email)


@email.command("cancel")
def cancel_email(email: EmailKey, data_dir: DataDir = DEMO_DATA) -> None:
    """Call back a mail that waits."""
    from app.commands import mails

    mails.cancel(data_dir, email)


@payment.command("sync")
def sync_payment(
    payment: PaymentKey,
    stripe_api_key: StripeKey = "",
    stripe_base_url: StripeUrl = STRIPE_URL,
    data_dir: DataDir = DEMO_DATA,
) -> None:
    """Ask Stripe about one payment now."""
    from app.commands import stripe_syncs

    stripe_syncs.sync_one_payment(data_dir, payment, stripe_api_key=stripe_api_key, stripe_base_url=stripe_base_url)


@events.command("sync")
def sync_events(
    company: CompanyKey,
    stripe_api_key: StripeKey = "",
    stripe_base_url: StripeUrl = STRIPE_URL,
    data_dir: DataDir = DEMO_DATA,
) -> None:
    """Ask Stripe now for the events of a company's accounts."""
    from app.commands import stripe_syncs

    stripe_syncs.sync_company_events(data_dir, company, stripe_api_key=stripe_api_key, stripe_base_url=stripe_base_url)
