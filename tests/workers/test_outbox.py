"""The outbox: every mail goes out once, or somebody is told why not."""

import asyncio
import logging
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import aiosmtplib
import httpx
import pytest
from tortoise import connections

import gateways.smtp
from gateways.mail_bytes import Mail
from gateways.smtp import Mailer, Outcome
from models import Email, Invoice
from operations.messages import delivery
from rules import clock
from rules.identifiers import new_id
from rules.links import new_token
from rules.retry import EMAIL_ATTEMPTS_MAX
from rules.states import EmailStatus
from tests.world import Job, Json, World, key_of

LATER = timedelta(hours=14)


@pytest.fixture
async def job(world: World) -> Job:
    return await world.inspection()


async def fault(world: World, kind: str, **given: Any) -> None:
    """Let the mail server misbehave."""
    async with httpx.AsyncClient(base_url=world.servers.mailbox.url, trust_env=False) as http:
        (await http.post("/api/faults", json={"kind": kind, **given})).raise_for_status()


async def make_due() -> None:
    """Let the time come at which waiting mails are tried."""
    await Email.filter(status__in=[EmailStatus.QUEUED, EmailStatus.RETRY]).update(next_attempt_at=clock.now())


async def lose_lease(email: Email, *, transmitting: bool) -> None:
    """Leave the mail as a worker would that claimed it and died more than a lease ago."""
    await Email.filter(id=email.id).update(
        status=EmailStatus.SENDING,
        transmitting=transmitting,
        attempts=1,
        leased_until=clock.now() - timedelta(seconds=1),
    )


async def only_mail() -> Email:
    return await Email.get()


def link_in(world: World, mail: Json) -> str:
    """The payment link of a mail's text."""
    words: list[str] = mail["text"].split()
    return next(word for word in words if word.startswith(world.settings.payment_portal_url))


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data"])
async def test_a_temporary_refusal_is_tried_again_ever_later(world: World, job: Job, stage: str) -> None:
    """A mail that the server refuses for now is tried again, ever later (S16)."""
    await job.invoice("100.00", send=True)
    message_id = f"<{(await only_mail()).message_id}@inspectpay.test>"
    await fault(world, "reject", stage=stage, code=451, count=3)
    delays = []
    for attempt in range(1, 4):
        asked = clock.now()
        assert await world.deliver_mails() == 1
        email = await only_mail()
        assert (email.status, email.attempts, email.message_id) == (EmailStatus.RETRY, attempt, message_id)
        assert email.last_error is not None
        assert email.last_error.startswith("451")
        assert email.next_attempt_at is not None
        delays.append(email.next_attempt_at - asked)
        assert await world.deliver_mails() == 0, "not before its time"
        await make_due()
    assert all(later > earlier * 3 for earlier, later in pairwise(delays))
    assert delays[0] >= timedelta(minutes=1)
    assert await world.mails() == []

    assert await world.deliver_mails() == 1
    email = await only_mail()
    assert (email.status, email.attempts, email.last_error) == (EmailStatus.ACCEPTED, 4, None)
    assert email.accepted_at is not None
    (mail,) = await world.mails()
    assert mail["recipients"] == [job.email()]
    assert (email.message_id, mail["headers"]["Message-ID"]) == (message_id, message_id)
    await make_due()
    assert await world.deliver_mails() == 0


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data"])
async def test_a_lasting_refusal_is_final(world: World, job: Job, stage: str) -> None:
    await job.invoice("100.00", send=True)
    await fault(world, "reject", stage=stage, code=550)
    await world.deliver_mails()
    await make_due()
    assert await world.deliver_mails() == 0
    emails_shown = (await job.read("emails { status attempts lastError }"))["emails"]
    assert emails_shown[0]["status"] == "FAILED"
    assert emails_shown[0]["lastError"].startswith("550")
    assert await world.mails() == []


@pytest.mark.parametrize("stored", [True, False])
async def test_a_mail_that_may_have_arrived_is_never_resent_by_itself(world: World, job: Job, stored: bool) -> None:
    """A mail that may have arrived is never sent again by itself (S38)."""
    await job.invoice("100.00", send=True)
    await fault(world, "drop", stored=stored)
    await world.deliver_mails()
    for _ in range(20):
        await make_due()
        await Email.all().update(leased_until=clock.now() - timedelta(days=1))
        assert await world.deliver_mails() == 0
    shown = (await job.read("emails { status attempts lastError }"))["emails"][0]
    assert (shown["status"], shown["attempts"]) == ("UNCERTAIN", 1)
    assert shown["lastError"]
    assert len(await world.mails()) == stored


async def test_the_inspector_may_resend_what_may_have_arrived(world: World, job: Job) -> None:
    invoice = await job.invoice("100.00", send=True)
    await fault(world, "drop")
    await world.deliver_mails()
    again = await world.inspector.mutate("sendInvoice", "invoice { status }", invoiceId=invoice["id"])
    assert again.codes == []
    assert await world.deliver_mails() == 1
    new, old = await world.mails()
    assert new["headers"]["Message-ID"] != old["headers"]["Message-ID"]
    for mail in (new, old):  # Both may be in somebody's hands, so both links work.
        seen = await world.bearer(link_in(world, mail)).read("{ viewer { ... on PayerViewer { invoice { id } } } }")
        assert seen["viewer"]["invoice"]["id"] == invoice["id"]


async def test_a_server_that_is_away_is_tried_again(world: World, job: Job) -> None:
    await job.invoice("100.00", send=True)
    away = Mailer(world.settings.model_copy(update={"smtp_port": 1}).smtp_server)
    await delivery.send_due_emails(limit=10, mailer=away, portals=world.settings.portals)
    email = await only_mail()
    assert (email.status, email.attempts) == (EmailStatus.RETRY, 1)
    assert email.last_error
    await make_due()
    assert await world.deliver_mails() == 1
    assert len(await world.mails()) == 1


async def test_attempts_are_spent_in_the_end(world: World, job: Job) -> None:
    await job.invoice("100.00", send=True)
    await fault(world, "reject", stage="rcpt", code=451, count=100)
    for _ in range(EMAIL_ATTEMPTS_MAX):
        assert (await only_mail()).status in (EmailStatus.QUEUED, EmailStatus.RETRY)
        await world.deliver_mails()
        await make_due()
    email = await only_mail()
    assert (email.status, email.attempts, email.next_attempt_at) == (EmailStatus.FAILED, EMAIL_ATTEMPTS_MAX, None)
    assert await world.deliver_mails() == 0


async def test_workers_that_die_at_a_mail_are_bounded_too(world: World, job: Job) -> None:
    await job.invoice("100.00", send=True)
    await lose_lease(await only_mail(), transmitting=False)
    await Email.all().update(attempts=EMAIL_ATTEMPTS_MAX)
    assert await world.deliver_mails() == 0
    assert (await only_mail()).status is EmailStatus.FAILED


async def test_a_mail_that_cannot_be_composed_fails_with_its_reason(world: World, job: Job) -> None:
    """A mail to an address that no header can hold is FAILED at once, says why, and holds up no other (S16)."""
    await job.invoice("100.00", send=True)
    await Email.all().update(to_address="=?utf-8?q?x?=@example.com")
    await (await world.inspection()).invoice("100.00", send=True)
    assert await world.deliver_mails() == 2
    shown = (await job.read("emails { status attempts lastError }"))["emails"]
    assert shown == [
        {"status": "FAILED", "attempts": 1, "lastError": "The address is none that a mail can be sent to."}
    ]
    assert len(await world.mails()) == 1
    await Email.filter(status=EmailStatus.FAILED).delete()  # It reached nobody: the world has nothing to compare.


async def test_no_mail_stays_in_sending_after_a_fault_of_ours(
    world: World, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault before anything was transmitted means another try; `lastError` tells of it meanwhile (S37)."""
    await job.invoice("100.00", send=True)
    with monkeypatch.context() as broken:

        async def fail(*_: object) -> None:
            raise KeyError("what is wrong stays in the log")

        broken.setattr(delivery, "_attachments", fail)
        assert await world.deliver_mails() == 1
    email = await only_mail()
    assert (email.status, email.attempts) == (EmailStatus.RETRY, 1)
    assert email.last_error == "A fault of our own while sending: KeyError."
    await make_due()
    assert await world.deliver_mails() == 1
    assert (await only_mail()).status is EmailStatus.ACCEPTED


async def test_a_fault_of_ours_while_transmitting_leaves_the_mail_uncertain(
    world: World, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What may have arrived is never resent by itself, whoever was at fault (S38)."""
    await job.invoice("100.00", send=True)

    async def fail(*_: object, **__: object) -> None:
        raise KeyError("what is wrong stays in the log")

    monkeypatch.setattr("aiosmtplib.SMTP.data", fail)
    await world.deliver_mails()
    assert (await only_mail()).status is EmailStatus.UNCERTAIN


async def test_a_mail_left_in_sending_says_why_it_is_tried_again(world: World, job: Job) -> None:
    """Once its lease is over a mail is not SENDING any more, and `lastError` says what happened (S37)."""
    await job.invoice("100.00", send=True)
    await lose_lease(await only_mail(), transmitting=False)
    await delivery._resolve_abandoned()
    email = await only_mail()
    assert (email.status, email.last_error) == (EmailStatus.RETRY, "The worker stopped while it had the mail.")


@pytest.mark.parametrize(
    ("stage", "status"),
    [
        ("connect", EmailStatus.RETRY),
        ("mail", EmailStatus.RETRY),
        ("rcpt", EmailStatus.RETRY),
        ("data", EmailStatus.UNCERTAIN),
    ],
)
async def test_a_silent_server_is_waited_for_within_bounds(
    world: World, job: Job, monkeypatch: pytest.MonkeyPatch, stage: str, status: EmailStatus
) -> None:
    monkeypatch.setattr(gateways.smtp, "DIALOGUE_SECONDS_MAX", 0.3)
    await job.invoice("100.00", send=True)
    await fault(world, "hang", stage=stage, seconds=20)
    started = asyncio.get_running_loop().time()
    await world.deliver_mails()
    assert asyncio.get_running_loop().time() - started < 2
    assert (await only_mail()).status is status


async def test_one_slow_mail_delays_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(4):
        await (await world.inspection()).invoice("100.00", send=True)
    monkeypatch.setattr(gateways.smtp, "DIALOGUE_SECONDS_MAX", 1.0)
    await fault(world, "hang", stage="rcpt", seconds=20)
    started = asyncio.get_running_loop().time()
    assert await world.deliver_mails() == 4
    assert asyncio.get_running_loop().time() - started < 2
    assert await Email.filter(status=EmailStatus.ACCEPTED).count() == 3
    assert await Email.filter(status=EmailStatus.RETRY).count() == 1


@pytest.mark.parametrize("status", [EmailStatus.QUEUED, EmailStatus.RETRY])
async def test_voiding_cancels_a_waiting_mail(world: World, job: Job, status: EmailStatus) -> None:
    invoice = await job.invoice("100.00", send=True)
    await Email.all().update(status=status)
    voided = await world.inspector.mutate("voidInvoice", "invoice { status }", invoiceId=invoice["id"])
    assert voided.codes == []
    assert await world.deliver_mails() == 0
    assert (await only_mail()).status is EmailStatus.CANCELED
    assert await world.mails() == []


async def test_payment_cancels_a_waiting_mail(world: World, job: Job) -> None:
    invoice = await job.invoice("100.00", send=True)
    paid = await world.inspector.mutate(
        "recordPayment", "payment { id }", invoiceId=invoice["id"], amount="100.00", method="CHECK"
    )
    assert paid.codes == []
    asked = await Email.get(kind="INVOICE")
    assert asked.status is EmailStatus.CANCELED


async def test_a_mail_that_was_being_tried_when_its_invoice_was_voided_is_not_tried_again(
    world: World, job: Job
) -> None:
    invoice = await job.invoice("100.00", send=True)
    await fault(world, "hang", stage="connect", seconds=0.5)
    await fault(world, "reject", stage="rcpt", code=451)
    delivering = asyncio.create_task(world.deliver_mails())
    await asyncio.sleep(0.2)
    assert (await only_mail()).status is EmailStatus.SENDING
    voided = await world.inspector.mutate("voidInvoice", "invoice { status }", invoiceId=invoice["id"])
    assert voided.codes == []
    await delivering
    await make_due()
    assert await world.deliver_mails() == 0
    assert (await only_mail()).status is EmailStatus.CANCELED


async def test_two_workers_never_claim_the_same_mail(world: World) -> None:
    for _ in range(20):
        await (await world.inspection()).invoice("100.00", send=True)
    sent = await asyncio.gather(
        *(delivery.send_due_emails(limit=5, mailer=world.held.mailer, portals=world.settings.portals) for _ in range(6))
    )
    assert sum(sent) == 20
    mails = await world.mails()
    assert len({mail["headers"]["Message-ID"] for mail in mails}) == len(mails) == 20
    assert await Email.filter(status=EmailStatus.ACCEPTED, attempts=1).count() == 20


async def test_a_company_with_many_mails_delays_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Companies take turns, however long the mails of one have been waiting."""
    busy = await world.inspection()
    await busy.invoice("100.00", send=True)
    (mail,) = await Email.all()
    await Email.all().update(next_attempt_at=clock.now() - timedelta(hours=1))
    for _ in range(30):
        mail.id = mail._saved_in_db = None  # type: ignore[assignment] # A copy of it.
        await Email.create(
            **{
                name: getattr(mail, name)
                for name in mail._meta.db_fields
                if name not in ("id", "message_id", "grant_id", "sequence", "invoice_id")
            }
            | {"message_id": str(new_id()), "kind": "RECEIPT"}
        )
    _, other = await world.new_company("Hillside Inspections", "owner@hillside.test")
    quiet = await world.inspection(api=other)
    await quiet.invoice("100.00", send=True)
    sent = await delivery.send_due_emails(limit=4, at_once=4, mailer=world.held.mailer, portals=world.settings.portals)
    assert sent == 4
    assert quiet.email() in [mail["recipients"][0] for mail in await world.mails()]
    await Email.exclude(status=EmailStatus.ACCEPTED).delete()


async def test_connections_take_one_mail_after_the_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """And one that the server has ended meanwhile is replaced, which costs the mail no attempt."""
    opened = []
    connect = aiosmtplib.SMTP.connect

    async def counted(client: aiosmtplib.SMTP, **options: Any) -> Any:
        opened.append(client)
        return await connect(client, **options)

    monkeypatch.setattr(aiosmtplib.SMTP, "connect", counted)
    for _ in range(5):
        await (await world.inspection()).invoice("100.00", send=True)
    await Email.all().update(next_attempt_at=clock.now())
    with world.held.mailer.session() as session:
        for number, email in enumerate(await Email.all().order_by("id")):
            if number == 3:
                opened[-1].close()
            mail = Mail(email.to_name, email.to_address, email.subject, email.text, email.html, f"<{email.id}@x.test>")
            assert (await session.send(mail, before_data=_nothing)).outcome is Outcome.ACCEPTED
    assert len(opened) == 2
    await Email.all().delete()
    async with httpx.AsyncClient(base_url=world.servers.mailbox.url, trust_env=False) as http:
        await http.delete("/api/messages")


async def _nothing() -> None:
    """Nothing to note before the content goes out."""


async def test_a_mail_whose_worker_died_before_transmitting_goes_out_once(world: World, job: Job) -> None:
    """A mail whose worker died before transmitting goes out once (S37)."""
    await job.invoice("100.00", send=True)
    await lose_lease(await only_mail(), transmitting=False)
    assert await world.deliver_mails() == 1
    assert await world.deliver_mails() == 0
    email = await only_mail()
    assert (email.status, email.attempts) == (EmailStatus.ACCEPTED, 2)
    assert len(await world.mails()) == 1


async def test_a_mail_whose_worker_died_while_transmitting_is_uncertain(world: World, job: Job) -> None:
    await job.invoice("100.00", send=True)
    await lose_lease(await only_mail(), transmitting=True)
    assert await world.deliver_mails() == 0
    assert (await only_mail()).status is EmailStatus.UNCERTAIN
    assert await world.mails() == []


async def test_a_worker_that_lost_its_lease_sends_nothing(world: World, job: Job) -> None:
    await job.invoice("100.00", send=True)
    await fault(world, "hang", stage="rcpt", seconds=0.6, count=2)
    late = asyncio.create_task(world.deliver_mails())
    await asyncio.sleep(0.3)
    await Email.all().update(leased_until=clock.now() - timedelta(seconds=1))
    assert await world.deliver_mails() == 1, "another worker takes it over, and is as slow"
    await late
    email = await only_mail()
    assert (email.status, email.attempts) == (EmailStatus.ACCEPTED, 2)
    (mail,) = await world.mails()
    seen = await world.bearer(link_in(world, mail)).run("{ viewer { __typename } }")
    assert seen.data["viewer"] == {"__typename": "PayerViewer"}


async def test_only_the_link_of_the_try_that_arrived_works(
    world: World, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the link in the mail that arrived works (S17)."""
    tokens = []

    def remembered() -> str:
        tokens.append(new_token())
        return tokens[-1]

    monkeypatch.setattr(delivery, "new_token", remembered)
    invoice = await job.invoice("100.00", send=True)
    await fault(world, "reject", stage="data", code=451, count=2)
    for _ in range(3):
        await world.deliver_mails()
        await make_due()
    (mail,) = await world.mails()
    assert link_in(world, mail) == f"{world.settings.payment_portal_url}#{tokens[2]}"
    assert tokens[2] in mail["html"]
    query = "{ viewer { ... on PayerViewer { invoice { id } } } }"
    answers = [await world.bearer(f"#{token}").run(query) for token in tokens]
    assert [answer.codes for answer in answers] == [["UNAUTHENTICATED"], ["UNAUTHENTICATED"], []]
    assert answers[2].data["viewer"]["invoice"]["id"] == invoice["id"]


async def test_a_mail_above_the_limit_is_sent_when_its_turn_comes(world: World, job: Job) -> None:
    """The fourth mail with a link for an invoice waits until the first is an hour old, and then goes out once (S16)."""
    invoice = await job.invoice("100.00", send=True)
    for _ in range(3):
        await world.deliver_mails()
        again = await world.inspector.mutate("sendInvoice", "invoice { id }", invoiceId=invoice["id"])
        assert again.codes == []
    assert await world.deliver_mails() == 0
    assert len(await world.mails()) == 3
    await make_due()
    assert await world.deliver_mails() == 1
    await Email.all().update(queued_at=clock.now() - timedelta(minutes=61))
    assert (await world.inspector.mutate("sendInvoice", "invoice { id }", invoiceId=invoice["id"])).codes == []
    assert await world.deliver_mails() == 1


async def test_a_second_sending_waits_for_the_first(world: World, job: Job) -> None:
    invoice = await job.invoice("100.00", send=True)
    refused = await world.inspector.mutate("sendInvoice", "invoice { id }", invoiceId=invoice["id"])
    assert refused.codes == ["EMAIL_IN_PROGRESS"]
    assert await Email.all().count() == 1


async def test_a_link_is_stored_nowhere_and_logged_nowhere(
    world: World, job: Job, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    invoice = await job.invoice("100.00", send=True)
    with caplog.at_level(logging.DEBUG):
        await fault(world, "reject", stage="data", code=451)
        for _ in range(2):
            await world.deliver_mails()
            await make_due()
        (mail,) = await world.mails()
        payer = world.bearer(link_in(world, mail))
        started = await payer.mutate("startPayment", "checkoutUrl", invoiceId=invoice["id"])
        await world.pay(started.done("checkoutUrl"))
        await world.poll()
    token = payer.token
    assert token is not None
    assert len(token) == 43
    shown = capsys.readouterr()
    assert token not in caplog.text + shown.out + shown.err
    assert await _tables_with(token) == []
    assert await _tables_with(job.email()) != [], "the search finds what is there"
    assert all(token not in str(entry) for entry in await world.servers.stripe.requests(with_bodies=True))


async def _tables_with(text: str) -> list[str]:
    connection = connections.get("default")
    tables = await connection.execute_query_dict("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    assert len(tables) > 10
    found = []
    for row in tables:
        name = row["tablename"]
        query = f'SELECT 1 FROM "{name}" AS row WHERE position($1 IN row::text) > 0 LIMIT 1'
        if await connection.execute_query_dict(query, [text]):
            found.append(name)
    return found


async def test_an_email_drives_no_invoice(world: World, job: Job) -> None:
    invoice = await job.invoice("100.00", send=True)
    await fault(world, "reject", stage="rcpt", code=550)
    await world.deliver_mails()
    key: UUID = key_of(invoice["id"])
    assert (await Invoice.get(id=key)).status == "OPEN"
