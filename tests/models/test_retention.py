"""What is kept for a while: the young stays, the old goes, and no more at a time than is said."""

import re
from datetime import datetime, timedelta

import models
from models.retention import remove_old
from rules import clock
from rules.retention import RETENTION
from rules.states import EmailStatus
from tests.app import processes
from tests.world import World


async def keys(world: World, number: int, at: datetime) -> None:
    for _ in range(number):
        await models.IdempotencyKey.create(
            company_id=world.company_key,
            actor_id=world.company_key,
            operation="pay",
            key=str(models.IdempotencyKey().id),
            input_hash="0" * 64,
            created_at=at,
        )


async def test_old_goes_in_bounded_batches_and_young_stays(world: World) -> None:
    now = clock.now()
    await keys(world, 5, now - timedelta(days=31))
    await keys(world, 2, now - timedelta(days=29))
    assert [await remove_old(limit=3) for _ in range(3)] == [3, 2, 0]
    assert await models.IdempotencyKey.all().count() == 2


async def test_sessions_and_secrets_go_when_they_have_ended_long_ago(world: World) -> None:
    """Whoever is signed in stays so, and links that are good still open; the links' rows stay."""
    job = await world.inspection()
    invoice = await job.invoice("100.00")
    payer = await job.payment_link(invoice["id"])
    await remove_old(limit=100)
    assert (await payer.run("{ viewer { ... on PayerViewer { invoice { id } } } }")).status == 200
    assert (await world.inspector.run("{ automations { id } }")).status == 200
    past = clock.now() - timedelta(days=100)
    links = await models.Grant.all().count()
    await models.Grant.all().update(expires_at=past)
    await models.SignIn.all().update(expires_at=past)
    await models.RefreshToken.all().update(expires_at=past)
    await remove_old(limit=100)
    assert await world.count(models.SignIn, models.RefreshToken) == [0, 0]
    assert await models.Grant.filter(token_hash=None).count() == links
    assert (await payer.run("{ viewer { ... on PayerViewer { invoice { id } } } }")).codes == ["UNAUTHENTICATED"]


async def test_texts_of_old_mails_go_unless_they_wait(world: World) -> None:
    job = await world.inspection()
    invoice = await job.invoice("100.00")
    await world.inspector.mutate("sendInvoice", invoiceId=invoice["id"])
    await models.Email.all().update(queued_at=clock.now() - timedelta(days=401))
    await remove_old(limit=100)
    assert await models.Email.filter(text="").count() == 0
    await models.Email.all().update(status=EmailStatus.CANCELED, next_attempt_at=None)
    events = await models.Event.all().count()
    await remove_old(limit=100)
    (mail,) = await models.Email.filter(text="")
    assert (mail.html, mail.document, mail.to_name) == ("", None, "Adam Agent")
    assert await models.Event.all().count() == events, "the audit log stays"


def test_ages_are_documented_as_they_are() -> None:
    page = (processes.ROOT / "docs/operations.md").read_text()
    rows = re.findall(r"^\| (.+) \| (\d+) days \|$", page, re.MULTILINE)
    assert rows == [(kept.what, str(kept.age.days)) for kept in RETENTION]
