"""The protocol of websockets: what may be said on one, its bounds, and when values are sent, over the toy schema."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from websockets.exceptions import InvalidStatus

from graphql_server.websocket.messages import MESSAGE_BYTES_MAX, CloseCode, Ended, parse_message
from tests.graphql_server.sockets import until
from tests.graphql_server.toy_server import CLIENT_TOKEN, INSPECTOR_TOKEN, Toy, toy_server

HOUSE = "subscription($id: ID!) { houseChanged(id: $id) { address } }"
HELLO = {"type": "connection_init", "payload": {}}


@pytest.fixture
async def served() -> AsyncIterator[Toy]:
    async with toy_server() as running:
        yield running


@pytest.mark.parametrize("protocols", [(), ("graphql-ws",), ("graphql-transport-ws-2", "soap")])
async def test_another_subprotocol_is_refused(served: Toy, protocols: tuple[str, ...]) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        async with served.socket(protocols=protocols):
            pass
    response = refusal.value.response
    assert response.status_code == 400
    assert b"graphql-transport-ws" in response.body
    assert json.loads(response.body)["errors"][0]["extensions"]["code"] == "MALFORMED_OPERATION"


async def test_ours_is_chosen_among_several(served: Toy) -> None:
    async with served.socket(protocols=("graphql-ws", "graphql-transport-ws")) as socket:
        assert socket.connection.subprotocol == "graphql-transport-ws"


async def test_who_says_nothing_is_sent_away(served: Toy) -> None:
    assert served.shared.limits.init_seconds == 3.0
    served.limit(init_seconds=0.2)
    async with served.socket() as socket:
        assert await socket.closed() == (4408, "connection_init did not arrive within 0.2 seconds.")


async def test_pings_do_not_buy_time(served: Toy) -> None:
    served.limit(init_seconds=0.4)
    async with served.socket() as socket:
        for _ in range(3):
            await asyncio.sleep(0.1)
            await socket.say(type="ping")
            assert await socket.hear() == {"type": "pong"}
        assert (await socket.closed())[0] == 4408


async def test_only_one_init_is_taken(served: Toy) -> None:
    async with served.socket(INSPECTOR_TOKEN) as socket:
        await socket.say(**HELLO)
        assert await socket.closed() == (4429, "connection_init is sent once.")


async def test_subscribing_comes_after_the_token(served: Toy) -> None:
    async with served.socket() as socket:
        await socket.subscribe(HOUSE, id="h1")
        assert await socket.closed() == (4401, "Send connection_init before subscribe.")


async def test_an_id_is_for_one_subscription_at_a_time(served: Toy) -> None:
    async with served.socket(INSPECTOR_TOKEN) as socket:
        watched = await socket.subscribe(HOUSE, id="h1")
        await watched.value()
        await socket.say(id=watched.name, type="complete")
        payload = {"query": HOUSE, "variables": {"id": "h1"}}
        await socket.say(id=watched.name, type="subscribe", payload=payload)
        assert await watched.value() == {"address": "h1 Elm"}
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
async def test_what_the_protocol_does_not_know_ends_the_session(served: Toy, text: str | bytes, says: str) -> None:
    async with served.socket(INSPECTOR_TOKEN) as socket:
        await socket.connection.send(text)
        code, reason = await socket.closed()
        assert code == 4400
        assert says in reason


async def test_a_message_has_a_size(served: Toy) -> None:
    filled = json.dumps({"type": "ping", "payload": {"text": ""}})
    text = filled.replace('""', f'"{"x" * (MESSAGE_BYTES_MAX - len(filled))}"')
    async with served.socket(INSPECTOR_TOKEN) as socket:
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


async def test_pings_are_answered_with_what_they_hold_both_ways(served: Toy) -> None:
    assert served.shared.limits.ping_seconds == 25.0
    served.limit(ping_seconds=0.1)
    async with served.socket(INSPECTOR_TOKEN) as socket:
        await socket.say(type="ping", payload={"n": 1})
        assert await socket.hear() == {"type": "pong", "payload": {"n": 1}}
        assert json.loads(await socket.connection.recv()) == {"type": "ping"}
        await socket.say(type="pong", payload={"n": 1})
        assert json.loads(await socket.connection.recv()) == {"type": "ping"}


async def test_a_socket_has_at_most_ten_subscriptions(served: Toy) -> None:
    assert served.shared.limits.subscriptions_per_socket_max == 10
    async with served.socket(INSPECTOR_TOKEN) as socket:
        watched = []
        for _ in range(10):
            watched.append(await socket.subscribe(HOUSE, id="h1"))
            await watched[-1].value()
        (refused,) = await (await socket.subscribe(HOUSE, id="h1")).errors()
        assert refused == ("RATE_LIMITED", "A websocket has at most 10 subscriptions; complete one first.")
        await socket.say(id=watched[0].name, type="complete")
        assert await (await socket.subscribe(HOUSE, id="h1")).value() == {"address": "h1 Elm"}


async def test_a_process_has_a_number_of_subscriptions_and_of_sockets(served: Toy) -> None:
    assert (served.shared.limits.subscriptions_max, served.shared.limits.sockets_max) == (1000, 1000)
    served.limit(subscriptions_max=2, sockets_max=2)
    async with served.socket(INSPECTOR_TOKEN) as first, served.socket(INSPECTOR_TOKEN) as second:
        await (await first.subscribe(HOUSE, id="h1")).value()
        await (await first.subscribe(HOUSE, id="h1")).value()
        assert [code for code, _ in await (await second.subscribe(HOUSE, id="h1")).errors()] == ["BUSY"]
        with pytest.raises(InvalidStatus) as refusal:
            async with served.socket():
                pass
        assert refusal.value.response.status_code == 503
        await first.connection.close()
        await until(lambda: served.shared.subscriptions == 0)
        assert await (await second.subscribe(HOUSE, id="h1")).value() == {"address": "h1 Elm"}


async def test_a_value_is_sent_after_each_change(served: Toy) -> None:
    async with served.socket(INSPECTOR_TOKEN) as socket:
        watched = await socket.subscribe(HOUSE, id="h1")
        assert await watched.value() == {"address": "h1 Elm"}
        served.doorbell.ring()
        assert await watched.value() == {"address": "h1 Elm"}, "also one that equals the last"


async def test_scopes_that_are_sent_only_what_differs_are_not_sent_the_same_again(served: Toy) -> None:
    async with served.socket(CLIENT_TOKEN) as socket:
        watched = await socket.subscribe(HOUSE, id="h1")
        assert await watched.value() == {"address": "h1 Elm"}
        served.doorbell.ring()
        assert await socket.hears_nothing()


async def test_nothing_is_watched_any_more_when_a_socket_is_closed(served: Toy) -> None:
    async with served.socket(INSPECTOR_TOKEN) as socket:
        await (await socket.subscribe(HOUSE, id="h1")).value()
        assert len(served.doorbell.waiting) == 1
    await until(lambda: not served.doorbell.waiting)


async def test_a_token_that_ends_meanwhile_ends_the_session(served: Toy) -> None:
    async with served.socket(INSPECTOR_TOKEN) as socket:
        watched = await socket.subscribe(HOUSE, id="h1")
        await watched.value()
        served.revoked.add("INSPECTOR")
        served.doorbell.ring()
        assert await watched.errors() == [("UNAUTHENTICATED", "The token is not valid any more.")]
        assert await socket.closed() == (4403, "The token is not valid any more.")


@pytest.mark.parametrize(
    ("token", "reason"),
    [("forged", "The token is not valid."), ("often", "Too many attempts; try again in a minute.")],
)
async def test_a_refusal_of_the_token_closes_the_socket_with_its_sentence(served: Toy, token: str, reason: str) -> None:
    async with served.socket() as socket:
        await socket.say(type="connection_init", payload={"Authorization": f"Bearer {token}"})
        assert await socket.closed() == (4403, reason)


async def test_a_fault_of_ours_closes_the_socket_without_its_text(served: Toy) -> None:
    async with served.socket() as socket:
        await socket.say(type="connection_init", payload={"Authorization": "Bearer explode"})
        code, reason = await socket.closed()
        assert code == 1013
        assert "hunter2" not in reason
