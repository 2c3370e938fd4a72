"""The protocol of websockets: who may open one, what may be said on it, its bounds, and that nothing is left behind."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest
from tortoise import connections
from websockets.exceptions import InvalidStatus

from graphql_server.websocket.messages import MESSAGE_BYTES_MAX, CloseCode, Ended, parse_message
from tests.graphql_server.sockets import SECONDS_MAX, Serving, serving
from tests.world import Api, World

STATUS = "subscription($id: ID!) { invoiceChanged(invoiceId: $id) { status } }"
DEEP = "{ inspection { invoices " * 6 + "{ id }" + " } }" * 6
HELLO = {"type": "connection_init", "payload": {}}


@pytest.fixture
async def served(world: World) -> AsyncIterator[Serving]:
    async with serving(world) as running:
        yield running


@pytest.fixture
async def invoice(world: World) -> str:
    return (await world.inspection()).primary_id


def limit(served: Serving, **changed: Any) -> None:
    served.shared.limits = replace(served.shared.limits, **changed)


async def until(holds: Callable[[], bool]) -> None:
    """Wait until it holds."""
    async with asyncio.timeout(SECONDS_MAX):
        while not holds():  # noqa: ASYNC110 - what is looked at tells nobody
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("protocols", [(), ("graphql-ws",), ("graphql-transport-ws-2", "soap")])
async def test_another_subprotocol_is_refused(served: Serving, protocols: tuple[str, ...]) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        async with served.socket(protocols=protocols):
            pass
    response = refusal.value.response
    assert response.status_code == 400
    assert b"graphql-transport-ws" in response.body
    assert json.loads(response.body)["errors"][0]["extensions"]["code"] == "MALFORMED_OPERATION"


async def test_ours_is_chosen_among_several(served: Serving) -> None:
    async with served.socket(protocols=("graphql-ws", "graphql-transport-ws")) as socket:
        assert socket.connection.subprotocol == "graphql-transport-ws"


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


async def test_who_says_nothing_is_sent_away(served: Serving) -> None:
    assert served.shared.limits.init_seconds == 3.0
    limit(served, init_seconds=0.2)
    async with served.socket() as socket:
        assert await socket.closed() == (4408, "connection_init did not arrive within 0.2 seconds.")


async def test_pings_do_not_buy_time(served: Serving) -> None:
    limit(served, init_seconds=0.4)
    async with served.socket() as socket:
        for _ in range(3):
            await asyncio.sleep(0.1)
            await socket.say(type="ping")
            assert await socket.hear() == {"type": "pong"}
        assert (await socket.closed())[0] == 4408


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


async def test_only_one_init_is_taken(world: World, served: Serving) -> None:
    async with served.socket(world.inspector) as socket:
        await socket.say(**HELLO)
        assert await socket.closed() == (4429, "connection_init is sent once.")


async def test_subscribing_comes_after_the_token(served: Serving, invoice: str) -> None:
    async with served.socket() as socket:
        await socket.subscribe(STATUS, id=invoice)
        assert await socket.closed() == (4401, "Send connection_init before subscribe.")


async def test_an_id_is_for_one_subscription_at_a_time(world: World, served: Serving, invoice: str) -> None:
    async with served.socket(world.inspector) as socket:
        watched = await socket.subscribe(STATUS, id=invoice)
        await watched.value()
        await socket.say(id=watched.name, type="complete")
        payload = {"query": STATUS, "variables": {"id": invoice}}
        await socket.say(id=watched.name, type="subscribe", payload=payload)
        assert await watched.value() == {"status": "OPEN"}
        await socket.say(id=watched.name, type="subscribe", payload=payload)
        assert await socket.closed() == (4409, f"Subscriber for {watched.name} already exists")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ('{"type": "ping"} x', "not JSON"),
        ('{"type": "ping", "payload": {"n": NaN}}', "not JSON"),
        ('{"type": "ping", "payload": {"n": 1e400}}', "not JSON"),
        ("[" * 60_000, "nested too deeply"),
        ('{"type": "ping", "payload": ' + '{"a":' * 970 + "1" + "}" * 971, "nested too deeply"),
        ("null", "JSON object"),
        ('[{"type": "ping"}]', "JSON object"),
        ("{}", "type must be"),
        ('{"type": "start", "id": "1"}', "type must be"),
        ('{"type": ["ping"]}', "type must be"),
        ('{"type": "ping", "payload": 1}', "payload"),
        ('{"type": "pong", "payload": []}', "payload"),
        ('{"type": "subscribe", "payload": {"query": "{ a }"}}', "id must be"),
        ('{"type": "subscribe", "id": "", "payload": {"query": "{ a }"}}', "id must be"),
        ('{"type": "subscribe", "id": 1, "payload": {"query": "{ a }"}}', "id must be"),
        (json.dumps({"type": "subscribe", "id": "x" * 101, "payload": {"query": "{ a }"}}), "id must be"),
        ('{"type": "subscribe", "id": "1"}', "JSON object"),
        ('{"type": "subscribe", "id": "1", "payload": {}}', "query must be"),
        ('{"type": "subscribe", "id": "1", "payload": {"query": "{ a }", "variables": []}}', "variables must be"),
        ('{"type": "complete"}', "id must be"),
        ('{"type": "ping", "payload": {"text": "\\u0000"}}', "NUL"),
        (b'{"type": "ping"}', "text"),
    ],
)
async def test_what_the_protocol_does_not_know_ends_the_conversation(
    world: World, served: Serving, text: str | bytes, says: str
) -> None:
    async with served.socket(world.inspector) as socket:
        await socket.connection.send(text)
        code, reason = await socket.closed()
        assert code == 4400
        assert says in reason


async def test_a_message_has_a_size(world: World, served: Serving) -> None:
    filled = json.dumps({"type": "ping", "payload": {"text": ""}})
    text = filled.replace('""', f'"{"x" * (MESSAGE_BYTES_MAX - len(filled))}"')
    async with served.socket(world.inspector) as socket:
        await socket.connection.send(text)
        assert (await socket.hear())["type"] == "pong"
        await socket.connection.send(text + " ")
        assert (await socket.closed())[0] == 1009


def test_a_message_has_a_size_under_any_server() -> None:
    with pytest.raises(Ended) as ended:
        parse_message('"' + "é" * (MESSAGE_BYTES_MAX // 2) + '"')
    assert (ended.value.code, ended.value.reason) == (1009, "The message is larger than 65536 bytes.")


def test_a_reason_fits_into_its_frame() -> None:
    reason = Ended(CloseCode.DUPLICATE_ID, "é" * 100).reason
    assert len(reason.encode()) <= 123
    assert set(reason) == {"é"}


async def test_pings_are_answered_with_what_they_hold_both_ways(world: World, served: Serving) -> None:
    assert served.shared.limits.ping_seconds == 25.0
    limit(served, ping_seconds=0.1)
    async with served.socket(world.inspector) as socket:
        await socket.say(type="ping", payload={"n": 1})
        assert await socket.hear() == {"type": "pong", "payload": {"n": 1}}
        assert json.loads(await socket.connection.recv()) == {"type": "ping"}
        await socket.say(type="pong", payload={"n": 1})
        assert json.loads(await socket.connection.recv()) == {"type": "ping"}


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
        assert await socket.hear() == {"type": "pong"}, "the conversation goes on"
    assert served.shared.subscriptions == 0


async def test_subscriptions_are_not_for_http(world: World, invoice: str) -> None:
    answer = await world.inspector.run(STATUS, id=invoice)
    assert answer.codes == ["MALFORMED_OPERATION"]


async def test_a_socket_has_at_most_ten_subscriptions(world: World, served: Serving, invoice: str) -> None:
    assert served.shared.limits.subscriptions_per_socket_max == 10
    async with served.socket(world.inspector) as socket:
        watched = []
        for _ in range(10):
            watched.append(await socket.subscribe(STATUS, id=invoice))
            await watched[-1].value()
        (refused,) = await (await socket.subscribe(STATUS, id=invoice)).errors()
        assert refused == ("RATE_LIMITED", "A websocket has at most 10 subscriptions; complete one first.")
        await socket.say(id=watched[0].name, type="complete")
        assert await (await socket.subscribe(STATUS, id=invoice)).value() == {"status": "OPEN"}


async def test_a_process_has_a_number_of_subscriptions_and_of_sockets(
    world: World, served: Serving, invoice: str
) -> None:
    assert (served.shared.limits.subscriptions_max, served.shared.limits.sockets_max) == (1000, 1000)
    limit(served, subscriptions_max=2, sockets_max=2)
    async with served.socket(world.inspector) as first, served.socket(world.inspector) as second:
        await (await first.subscribe(STATUS, id=invoice)).value()
        await (await first.subscribe(STATUS, id=invoice)).value()
        assert [code for code, _ in await (await second.subscribe(STATUS, id=invoice)).errors()] == ["BUSY"]
        with pytest.raises(InvalidStatus) as refusal:
            async with served.socket():
                pass
        assert refusal.value.response.status_code == 503
        await first.connection.close()
        await until(lambda: served.shared.subscriptions == 0)
        assert await (await second.subscribe(STATUS, id=invoice)).value() == {"status": "OPEN"}


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
