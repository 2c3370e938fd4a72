"""What an operator does on the command line: about companies, staff, mails and payments, each in the audit log."""

import ast
import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

import models
from app.commands import connected
from app.commands.status import EVENTS_LATE_SECONDS, LATE_SECONDS
from models.audits import note_audit
from models.backlog import read_backlog
from operations.identity import staff
from rules import clock
from rules.access import Operator
from rules.errors import NotFound
from rules.states import EmailStatus, PaymentState
from tests.app import processes
from tests.world import PASSWORD, World, key_of

OWNER = "owner@lakeside.test"
NINA = "nina@lakeside.test"


class Terminal:
    """Somebody at the command line of the world's deployment; each command is a process of its own."""

    def __init__(self, world: World) -> None:
        settings = world.settings
        self.environment = {
            "DATABASE_URL": settings.database_url.get_secret_value(),
            "REDIS_URL": settings.redis_url.get_secret_value(),
            "STRIPE_API_KEY": settings.stripe_api_key.get_secret_value(),
            "STRIPE_BASE_URL": settings.stripe_base_url,
        }

    def types(self, *words: object, status: int = 0) -> str:
        """What the command prints when it ends with `status`."""
        done = processes.run(*map(str, words), environment=self.environment)
        assert done.returncode == status, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr


@pytest.fixture
def terminal(world: World) -> Terminal:
    return Terminal(world)


async def events(name: str) -> list[models.Event]:
    return await models.Event.filter(name=name).order_by("id")


async def only(name: str) -> models.Event:
    (event,) = await events(name)
    assert (event.actor_kind, event.actor_id, event.actor_name) == (models.ActorKind.SYSTEM, None, "Operator")
    return event


async def test_operator_looks_after_staff(world: World, terminal: Terminal) -> None:
    """Invite, change, end and give back access: each takes effect at once, is repeatable, and is in the audit log."""
    company = world.company_key
    for _ in range(2):
        terminal.types("user", "invite", company, "--name", "Nina New", "--email", NINA)
    assert len(await events("user.invited")) == 2
    nina = await models.User.get(email=NINA)
    assert (nina.role, nina.password_hash) == (models.UserRole.INSPECTOR, None)
    assert "invite them again" in terminal.types("user", "reset-password", NINA, status=2)
    invited = [user["access"] for user in json.loads(terminal.types("user", "list", "--json")) if user["email"] == NINA]
    assert invited == ["invited"]

    assert "another active owner" in terminal.types("user", "set-role", OWNER, "INSPECTOR", status=2)
    assert "another active owner" in terminal.types("user", "deactivate", OWNER, status=2)
    for _ in range(2):
        terminal.types("user", "set-role", NINA, "owner")
    assert (await only("user.updated")).after == {"name": "Nina New", "role": "OWNER"}
    assert "must be OWNER or INSPECTOR" in terminal.types("user", "set-role", NINA, "king", status=2)
    for _ in range(2):
        terminal.types("user", "deactivate", OWNER)
    await only("user.deactivated")
    assert (await world.inspector.run("{ automations { id } }")).codes == ["UNAUTHENTICATED"]
    terminal.types("user", "reset-password", OWNER, status=2)
    for _ in range(2):
        terminal.types("user", "reactivate", OWNER)
    await only("user.reactivated")
    await world.signed_in(OWNER, PASSWORD)
    said = terminal.types("user", "reset-password", OWNER)
    assert "#" not in said, "the link is for its addressee alone"
    await only("user.password_reset_sent")
    await world.signed_in(OWNER, PASSWORD)  # Until the link is used.
    await world.deliver_mails()
    assert len(await world.mails(OWNER)) == 1
    assert "Nobody signs in with" in terminal.types("user", "deactivate", "nobody@lakeside.test", status=2)


async def test_operator_stands_in_for_one_company_alone(world: World) -> None:
    """A key of another company's staff is not found, so that a slip of the hand changes nobody."""
    elsewhere, _ = await world.new_company("Elsewhere", "owner@elsewhere.test", connected=False)
    user = await models.User.get(email=OWNER)
    with pytest.raises(NotFound):
        await staff.deactivate_user(Operator(elsewhere), user.id)
    assert (await models.User.get(id=user.id)).deactivated_at is None


def test_only_commands_make_operators() -> None:
    """Whoever an `Operator` is handed to obeys it: nothing that answers a request may make one."""
    for layer in ("app", "resolvers", "schema", "operations", "workers", "graphql_server", "models"):
        for path in (processes.ROOT / layer).rglob("*.py"):
            if path.is_relative_to(processes.ROOT / "app/commands"):
                continue
            calls = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
            assert not any(isinstance(call, ast.Name) and call.id == "Operator" for call in calls), path


async def test_companies_are_listed_and_shown(world: World, terminal: Terminal) -> None:
    await world.inspection()
    (listed,) = json.loads(terminal.types("company", "list", "--json"))
    assert (listed["key"], listed["name"], listed["stripe"]) == (
        str(world.company_key),
        "Lakeside Inspections",
        "READY",
    )
    shown = terminal.types("company", "show", world.company_key)
    assert "America/Chicago" in shown
    (known,) = json.loads(terminal.types("company", "show", world.company_key, "--json"))
    assert (known["staff"], known["inspections"], known["stripe_status"]) == (1, 1, "READY")
    assert "Company not found" in terminal.types("company", "show", uuid4(), status=2)
    assert "is no key of a company" in terminal.types("company", "show", "Lakeside", status=2)


async def put(email: models.Email, status: EmailStatus, **more: Any) -> None:
    await models.Email.filter(id=email.id).update(status=status, **more)


async def test_failed_mail_is_found_and_sent_again(world: World, terminal: Terminal) -> None:
    """A mail that failed, or may not have arrived, goes out once more when asked for; asking again changes nothing."""
    job = await world.inspection()
    invoice = await job.invoice("100.00")
    await world.inspector.mutate("sendInvoice", invoiceId=invoice["id"])
    (email,) = await models.Email.filter(kind="INVOICE")
    await put(email, EmailStatus.FAILED, attempts=8, next_attempt_at=None, last_error="550 no such\x1b[2J user")
    listed = terminal.types("email", "list")
    assert str(email.id) in listed
    assert "550 no such?[2J user" in listed, "what a server said cannot steer the terminal"
    for _ in range(2):
        assert "QUEUED" in terminal.types("email", "retry", email.id)
    (event,) = await models.Event.filter(name="email.retried")
    assert (event.inspection_id, event.actor_name, event.before) == (
        email.inspection_id,
        "Operator",
        {"status": "FAILED"},
    )
    await world.deliver_mails()
    assert len(await world.mails(job.email())) == 1
    said = terminal.types("email", "retry", email.id, status=2)
    assert said == "The mail is ACCEPTED: only one that waits, is FAILED or UNCERTAIN can be tried again.\n"
    assert len(await world.mails(job.email())) == 1
    assert "No mail waits" in terminal.types("email", "list")
    await put(email, EmailStatus.UNCERTAIN)
    assert json.loads(terminal.types("email", "list", "--status", "uncertain", "--json"))[0]["key"] == str(email.id)
    assert "must be one of" in terminal.types("email", "list", "--status", "lost", status=2)


async def test_waiting_mail_is_called_back(world: World, terminal: Terminal) -> None:
    job = await world.inspection()
    invoice = await job.invoice("100.00")
    await world.inspector.mutate("sendInvoice", invoiceId=invoice["id"])
    (email,) = await models.Email.filter(kind="INVOICE")
    await put(email, EmailStatus.SENDING)
    assert "is SENDING" in terminal.types("email", "cancel", email.id, status=2)
    await put(email, EmailStatus.QUEUED)
    for _ in range(2):
        assert "CANCELED" in terminal.types("email", "cancel", email.id)
    assert len(await models.Event.filter(name="email.canceled")) == 1
    await world.deliver_mails()
    assert await world.mails(job.email()) == []
    terminal.types("email", "retry", email.id, status=2)


async def test_stripe_is_asked_at_once(world: World, terminal: Terminal) -> None:
    """A payment whose end nobody has heard of is settled by asking; both commands are repeatable."""
    job = await world.inspection()
    invoice = await job.invoice("100.00")
    payer = await job.payment_link(invoice["id"])
    started = await payer.mutate("startPayment", "payment { id } checkoutUrl", invoiceId=invoice["id"])
    await world.pay(started.done("checkoutUrl"))
    payment = started.content["payment"]["id"]
    assert "is SUCCEEDED" in terminal.types("payment", "sync", payment)
    assert "was SUCCEEDED and is SUCCEEDED" in terminal.types("payment", "sync", key_of(payment))
    (row,) = await models.Payment.all()
    assert row.state is PaymentState.SUCCEEDED
    assert len(await models.Event.filter(name="payment.sync_asked", actor_name="Operator")) == 2
    assert "events taken in" in terminal.types("events", "sync", world.company_key)
    assert "no new events" in terminal.types("events", "sync", world.company_key)
    assert len(await events("stripe_events.sync_asked")) == 2
    assert "Payment not found" in terminal.types("payment", "sync", uuid4(), status=2)
    del terminal.environment["STRIPE_API_KEY"]
    assert "STRIPE_API_KEY is not set" in terminal.types("payment", "sync", payment, status=2)


async def test_status_tells_health_and_what_waits(world: World, terminal: Terminal) -> None:
    """One screen; its exit status says whether somebody has to look."""
    await models.ConnectedAccount.all().update(next_sync_at=clock.now())
    assert terminal.types("status").startswith("All is well.")
    job = await world.inspection()
    invoice = await job.invoice("100.00")
    await world.inspector.mutate("sendInvoice", invoiceId=invoice["id"])
    await models.Email.all().update(next_attempt_at=clock.now() - timedelta(seconds=LATE_SECONDS + 60))
    said = terminal.types("status", status=1)
    assert said.startswith("Look at: mails.")
    assert "1 wait" in said
    shown = json.loads(terminal.types("status", "--json", status=1))
    assert shown["healthy"] is False
    assert shown["backlog"]["mails_queued"] == 1
    await models.Email.all().update(status=EmailStatus.FAILED, next_attempt_at=None)
    assert "1 failed" in terminal.types("status")
    await note_audit(2)
    assert terminal.types("status", status=1).startswith("Look at: audit.")
    await note_audit(0)
    del terminal.environment["REDIS_URL"]
    assert "REDIS_URL is not set" in terminal.types("status")
    terminal.environment["REDIS_URL"] = "redis://:hunter2@127.0.0.1:1/0"
    away = terminal.types("status", status=1)
    assert away.startswith("Look at: valkey.")
    assert "hunter2" not in away


async def test_each_kind_of_lateness_is_seen(world: World) -> None:
    """Ages begin when a row is due, and are 0 for what is due later."""
    job = await world.inspection()
    invoice = await job.invoice("100.00")
    payer = await job.payment_link(invoice["id"])
    await payer.mutate("startPayment", "payment { id }", invoiceId=invoice["id"])
    past, future = clock.now() - timedelta(hours=1), clock.now() + timedelta(hours=1)
    await models.ConnectedAccount.all().update(next_sync_at=future)
    await models.Payment.all().update(next_poll_at=future)
    found = await read_backlog()
    assert (found.payments_live, found.payments_overdue_seconds, found.accounts_overdue_seconds) == (1, 0, 0)
    await models.ConnectedAccount.all().update(next_sync_at=past)
    await models.Payment.all().update(next_poll_at=past, state=PaymentState.UNKNOWN)
    found = await read_backlog()
    assert found.payments_overdue_seconds >= 3600 > EVENTS_LATE_SECONDS
    assert found.accounts_overdue_seconds >= 3600
    assert found.payments_unknown == 1


def test_keys_are_read_as_people_have_them() -> None:
    key = uuid4()
    assert connected.key_of(str(key), "Payment") == key
