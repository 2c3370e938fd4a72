"""Websockets of the API: who may open one, what may be asked on it, and that nothing is left behind."""

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tortoise import connections
from websockets.exceptions import InvalidStatus

from tests.app.serving import Serving, serving
from tests.graphql_server.sockets import until
from tests.world import Api, World

STATUS = "subscription($id: ID!) { invoiceChanged(invoiceId: $id) { status } }"
DEEP = "{ inspection { invoices " * 6 + "{ id }" + " } }" * 6


@pytest.fixture
async def served(world: World) -> AsyncIterator[Serving]:
    async with serving(world) as running:
        yield running


@pytest.fixture
async def invoice(world: World) -> str:
    return (await world.inspection()).primary_id


@pytest.mark.parametrize("origin", ["https://evil.test", "null", "https://staff.inspectpay.test.evil.test"])
async def test_pages_of_other_origins_are_refused_before_anything_is_said(served: Serving, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        async with served.socket(origin=origin):
            pass
    assert refusal.value.response.status_code == 403
    assert served.endpoint.sessions == set()


async def test_pages_that_may_call_and_the_explorer_may_open_one(world: World, served: Serving) -> None:
    for origin in ("https://staff.inspectpay.test", f"http://127.0.0.1:{served.port}"):
        async with served.socket(world.inspector, origin=origin) as socket:
            await socket.say(type="ping")
            assert await socket.hear() == {"type": "pong"}


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (None, 'Send {"Authorization": "Bearer …"} as the payload of connection_init.'),
        ({}, 'Send {"Authorization": "Bearer …"} as the payload of connection_init.'),
        ({"Authorization": "Basic abc"}, "Send the token as `Authorization: Bearer …`."),
        ({"Authorization": "Bearer "}, "Send the token as `Authorization: Bearer …`."),
        ({"Authorization": "Bearer nonsense"}, "This link is not valid, or not any more."),
        ({"Authorization": "Bearer a.b.c"}, "The access token is not valid, or not any more."),
    ],
)
async def test_a_token_that_is_not_valid_is_forbidden(served: Serving, payload: Any, reason: str) -> None:
    async with served.socket() as socket:
        await socket.say(type="connection_init", payload=payload)
        assert await socket.closed() == (4403, reason)


async def test_guessing_links_is_throttled(served: Serving) -> None:
    for _ in range(30):
        async with served.socket() as socket:
            await socket.say(type="connection_init", payload={"Authorization": "Bearer nonsense"})
            assert await socket.closed() == (4403, "This link is not valid, or not any more.")
    async with served.socket() as socket:
        await socket.say(type="connection_init", payload={"Authorization": "Bearer nonsense"})
        assert (await socket.closed())[1].startswith("Too many tries")


async def test_the_token_may_come_in_the_header(world: World, served: Serving, invoice: str) -> None:
    headers = {"Authorization": f"Bearer {world.inspector.token}"}
    async with served.socket(additional_headers=headers) as socket:
        await socket.say(type="connection_init")
        assert await socket.hear() == {"type": "connection_ack"}
        assert await (await socket.subscribe(STATUS, id=invoice)).value() == {"status": "OPEN"}


@pytest.mark.parametrize(
    ("query", "code", "says"),
    [
        ("{ viewer { __typename } }", "MALFORMED_OPERATION", "send queries and mutations with POST"),
        ('mutation { signOut(input: {}) { userErrors { code } } }', "MALFORMED_OPERATION", "with POST"),
        ("subscription { nothing }", "MALFORMED_OPERATION", "Cannot query field"),
        ("subscription {", "MALFORMED_OPERATION", "Syntax Error"),
        ("subscription A { __typename } subscription B { __typename }", "MALFORMED_OPERATION", ""),
        (
            'subscription { a: invoiceChanged(invoiceId: "1") { id } b: invoiceChanged(invoiceId: "1") { id } }',
            "MALFORMED_OPERATION",
            "must select only one top level field",
        ),
        (
            f"subscription {{ invoiceChanged(invoiceId: 1) {DEEP} }}",
            "OPERATION_TOO_COMPLEX",
            "deep",
        ),
        ("# " + "x" * 17_000 + "\nsubscription { __typename }", "OPERATION_TOO_COMPLEX", ""),
        ("subscription { invoiceChanged { id } }", "MALFORMED_OPERATION", "required"),
        ("subscription($id: ID!) { invoiceChanged(invoiceId: $id) { id } }", "MALFORMED_OPERATION", "$id"),
    ],
)  # fmt: skip
async def test_a_document_is_judged_as_over_http(
    world: World, served: Serving, query: str, code: str, says: str
) -> None:
    async with served.socket(world.inspector) as socket:
        (found, message), *_ = await (await socket.subscribe(query)).errors()
        assert found == code
        assert says in message
        await socket.say(type="ping")
        assert await socket.hear() == {"type": "pong"}, "the session goes on"
    assert served.shared.subscriptions == 0


async def test_subscriptions_are_not_for_http(world: World, invoice: str) -> None:
    answer = await world.inspector.run(STATUS, id=invoice)
    assert answer.codes == ["MALFORMED_OPERATION"]


async def test_stopping_says_goodbye_within_a_second(world: World, invoice: str) -> None:
    async with (
        serving(world) as served,
        served.socket(world.inspector) as idle,
        served.socket(world.inspector) as watching,
        served.socket() as silent,
    ):
        await (await watching.subscribe(STATUS, id=invoice)).value()
        loop = asyncio.get_running_loop()
        started = loop.time()
        served.server.should_exit = True
        for socket in (idle, watching, silent):
            assert await socket.closed() == (1001, "The server stops; connect again.")
        assert loop.time() - started < 1.0


async def test_nothing_is_left_of_two_hundred_clients_that_vanish(world: World, served: Serving, invoice: str) -> None:
    chance = random.Random(7)
    await _come_and_go(served, world.inspector, invoice, chance)
    pool = connections.get("default")._pool
    before = len(asyncio.all_tasks())
    for _ in range(20):
        await asyncio.gather(*(_come_and_go(served, world.inspector, invoice, chance) for _ in range(10)))
    await until(lambda: not served.endpoint.sessions and len(asyncio.all_tasks()) <= before)
    assert (served.shared.subscriptions, served.changes.watches) == (0, {})
    assert pool.get_size() == pool.get_idle_size(), "every connection is back"
    assert not served.shared.reads.locked()
    async with served.socket(world.inspector) as socket:
        assert await (await socket.subscribe(STATUS, id=invoice)).value() == {"status": "OPEN"}


async def _come_and_go(served: Serving, api: Api, invoice: str, chance: random.Random) -> None:
    """A client that goes at a random moment, some without a word."""
    async with served.socket() as socket:
        hello = {"type": "connection_init", "payload": {"Authorization": f"Bearer {api.token}"}}
        await socket.say(**hello)
        for number in range(chance.randrange(4)):
            query = {"query": STATUS, "variables": {"id": invoice}}
            await socket.say(id=str(number), type="subscribe", payload=query)
            if chance.random() < 0.3:
                await socket.say(id=str(number), type="complete")
        await asyncio.sleep(chance.random() * 0.05)
        if chance.random() < 0.5:
            socket.connection.transport.abort()
