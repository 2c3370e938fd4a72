"""A websocket when there is no connection to read with: values come later, and only what can't begin ends."""

import asyncio

import pytest
from starlette.requests import HTTPConnection

from graphql_server.http.admission import Busy
from graphql_server.websocket import session
from tests.graphql_server.edge import Bearer, authenticate
from tests.graphql_server.toy_server import INSPECTOR_TOKEN, toy_server

HOUSE = "subscription($id: ID!) { houseChanged(id: $id) { address } }"


async def test_a_subscription_looks_again_until_there_is_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first value and later ones alike; the keep-alive lets it pass, too."""
    monkeypatch.setattr(session, "BUSY_SECONDS", 0.01)
    tries = 0

    async def sometimes(connection: HTTPConnection) -> Bearer | None:
        nonlocal tries
        tries += 1
        if tries % 3:
            raise Busy
        return await authenticate(connection)

    async with toy_server() as toy:
        toy.limit(ping_seconds=0.05)
        toy.shared.reauthenticate = sometimes
        async with toy.socket(INSPECTOR_TOKEN) as socket:
            subscribed = await socket.subscribe(HOUSE, id="h1")
            assert await subscribed.value() == {"address": "h1 Elm"}
            await asyncio.sleep(0.2)
            toy.doorbell.ring()
            assert await subscribed.value() == {"address": "h1 Elm"}
    assert tries >= 6


async def test_who_can_not_be_found_out_is_asked_to_come_again() -> None:
    async def never(_: HTTPConnection) -> Bearer | None:
        raise Busy

    async with toy_server() as toy:
        toy.shared.authenticate = never
        async with toy.socket() as socket:
            await socket.say(type="connection_init", payload={"Authorization": "Bearer INSPECTOR"})
            assert await socket.closed() == (1013, str(Busy()))
