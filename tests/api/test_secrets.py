"""What leaves the process: no token, password or card in logs or tables, no personal data at Stripe."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from tortoise import connections

import models
from app.logs import LogFormat, configure_logs
from tests.api.expectations import stands_alone, tables
from tests.world import PASSWORD, Api, Job, World

CARD, DECLINED = "4242424242424242", "4000000000000002"
PERSONAL = ("Clara", "Adam", "Lisa", "Olive", "people.test", "lakeside.test", "Shore Road", "312 555")


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """All that is logged at any level, as production would write it."""
    root, configuration = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logs("DEBUG", LogFormat.JSON, stream=stream)
    yield stream
    structlog.configure(**configuration)
    root.handlers[:], root.level = handlers, level


async def everything(world: World) -> tuple[Job, set[str]]:
    """A whole job with its accidents; the secrets that it dealt in."""
    session = (
        await world.anybody.mutate(
            "signIn", "session { accessToken refreshToken }", email="owner@lakeside.test", password=PASSWORD
        )
    ).done("session")
    job = await world.inspection(agreementBody="We inspect what can be seen.")
    invoice = await job.invoice("125.00", send=True)
    await world.deliver_mails()
    (mail,) = await world.mails()
    link = next(word for word in mail["text"].split() if word.startswith(world.settings.payment_portal_url))
    payer, client = world.bearer(link), await job.client_portal()
    started = await payer.mutate("startPayment", "payment { id } checkoutUrl", invoiceId=invoice["id"])
    await world.pay(started.done("checkoutUrl"), card=DECLINED)
    await world.poll()
    await world.pay(started.done("checkoutUrl"), card=CARD)
    await world.poll()
    paid = await job.paid(client, job.primary_id)
    (await job.api.mutate("refundPayment", "refund { id }", paymentId=paid["id"], amount="5.00")).done("refund")
    await _accidents(world, payer)
    secrets = {PASSWORD, session["accessToken"], session["refreshToken"], session["refreshToken"].partition(".")[2]}
    return job, {*secrets, *(str(api.token) for api in (world.inspector, payer, client))}


async def _accidents(world: World, payer: Api) -> None:
    """What is logged when it goes wrong: a document that does not parse, a wrong password, a fault of Stripe's."""
    assert (await payer.run(f'mutation {{ signIn(input: {{ email: "a", password: "{PASSWORD}" }}')).status == 400
    await world.anybody.mutate("signIn", email="owner@lakeside.test", password=f"{PASSWORD}!")
    assert (
        await Api(world.http, f"{payer.token}x").run("{ viewer { ... on PayerViewer { invoice { id } } } }")
    ).status == 401
    await world.servers.stripe.control("faults", match="POST /v1/checkout/sessions", kind="status", value=500, count=9)
    job = await world.inspection()
    client = await job.client_portal()
    await client.mutate("startPayment", invoiceId=job.primary_id)


async def test_no_secret_is_ever_logged(world: World, logged: io.StringIO) -> None:
    _, secrets = await everything(world)
    written = logged.getvalue()
    assert written.count("\n") > 15
    assert "/graphql" in written
    for secret in (*secrets, CARD, DECLINED, world.settings.signing_key.get_secret_value(), "sk_test_"):
        assert secret not in written
    assert not stands_alone(CARD[-4:], written)
    for personal in PERSONAL:
        assert personal not in written


async def test_no_secret_is_ever_stored(world: World) -> None:
    _, secrets = await everything(world)
    for table in tables():
        rows = await connections.get("default").execute_query_dict(f"SELECT t::text AS row FROM {table} t")
        stored = "\n".join(row["row"] for row in rows)
        for secret in (*secrets, CARD, DECLINED):
            assert secret not in stored, table
        assert not stands_alone(CARD[:6], stored), table
    assert await models.Payment.filter(card_last4="4242").exists()


async def test_stripe_learns_ids_and_amounts_and_of_a_payer_the_address_alone(world: World) -> None:
    """A checkout is filled in with the address of whoever pays there; Stripe learns nothing else of anybody."""
    _, secrets = await everything(world)
    requests = await world.servers.stripe.requests()
    assert len(requests) > 5
    asked = [{name: request[name] for name in ("path", "query", "params", "headers")} for request in requests]
    written = json.dumps(asked)
    assert "/v1/checkout/sessions" in written
    filled_in = {request["params"]["customer_email"] for request in requests if "customer_email" in request["params"]}
    for address in filled_in:
        written = written.replace(json.dumps({"customer_email": address})[1:-1], "")
    for personal in (*PERSONAL, *secrets):
        assert personal not in written
