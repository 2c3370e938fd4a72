"""Watchers: how long after its commit a change arrives, with many who watch something else."""

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Final
from uuid import UUID

import asyncpg
from redis.asyncio import Redis
from tortoise.transactions import in_transaction
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from benchmarks.handwritten.global_ids import global_id
from benchmarks.servers import Servers
from benchmarks.workloads import access_tokens
from gateways.change_nudges import ChangeNudges
from graphql_server.websocket.messages import SUBPROTOCOL
from models import Inspection
from models.database import database
from sandbox.process import HOST

PER_SOCKET: Final = 10
"""As many subscriptions as a websocket may have."""

PAUSE_SECONDS: Final = 0.02
"""Between two changes: each is an event of its own."""

SECONDS_MAX: Final = 10.0

QUERY: Final = """subscription($id: ID!) {
  inspectionChanged(inspectionId: $id) { id number propertyAddress paymentStatus remaining { amount } }
}"""


@dataclass(slots=True)
class _Watched:
    """When what arrived, and how often, by inspection."""

    arrived: dict[UUID, asyncio.Event] = field(default_factory=lambda: defaultdict(asyncio.Event))
    at: dict[UUID, float] = field(default_factory=dict)
    values: int = 0


def measure(servers: Servers, *, watchers: int, changes: int) -> Iterator[str]:
    """Milliseconds from a commit, by a process that is not the API's, to the event in the client's hands."""
    delays = asyncio.run(_measure(servers, watchers, changes))
    parts = quantiles(delays, n=100)
    yield f"{watchers} watchers, {changes} changes: median {median(delays):.1f} ms, 95 of 100 within {parts[94]:.1f} ms"
    yield f"slowest {max(delays):.1f} ms; none was lost"


async def _measure(servers: Servers, watchers: int, changes: int) -> list[float]:
    connection = await asyncpg.connect(servers.api_database_url)
    tokens = await access_tokens(connection, servers.signing_key)
    rows = await connection.fetch("SELECT id, company_id FROM inspections ORDER BY company_id, id LIMIT $1", watchers)
    await connection.close()
    companies: dict[UUID, list[UUID]] = defaultdict(list)
    for row in rows:
        companies[row["company_id"]].append(row["id"])
    watched = _Watched()
    async with AsyncExitStack() as stack:
        listening = []
        for company_id, ids in companies.items():
            for start in range(0, len(ids), PER_SOCKET):
                socket = await stack.enter_async_context(
                    connect(f"ws://{HOST}:{servers.api_port}/graphql", subprotocols=[Subprotocol(SUBPROTOCOL)])
                )
                await _subscribe(socket, tokens[company_id], ids[start : start + PER_SOCKET])
                listening.append(asyncio.create_task(_listen(socket, watched)))
        async with asyncio.timeout(SECONDS_MAX * 10):
            while watched.values < len(rows):  # noqa: ASYNC110 - the first value of each
                await asyncio.sleep(PAUSE_SECONDS)
        nudges = ChangeNudges(Redis.from_url(servers.environment["REDIS_URL"]))
        await stack.enter_async_context(nudges.sending())
        await stack.enter_async_context(database(servers.api_database_url, pool_size=2, on_commit=nudges.nudge))
        delays = [await _change(rows[number * 7 % len(rows)]["id"], number, watched) for number in range(changes)]
        for task in listening:
            task.cancel()
        await asyncio.gather(*listening, return_exceptions=True)
    return delays


async def _subscribe(socket: ClientConnection, token: str, inspection_ids: list[UUID]) -> None:
    await socket.send(json.dumps({"type": "connection_init", "payload": {"Authorization": f"Bearer {token}"}}))
    assert json.loads(await socket.recv()) == {"type": "connection_ack"}
    for key in inspection_ids:
        payload = {"query": QUERY, "variables": {"id": global_id("Inspection", key)}}
        await socket.send(json.dumps({"id": str(key), "type": "subscribe", "payload": payload}))


async def _listen(socket: ClientConnection, watched: _Watched) -> None:
    async for text in socket:
        message = json.loads(text)
        if message["type"] == "next":
            key = UUID(message["id"])
            watched.values += 1
            watched.at[key] = time.perf_counter()
            watched.arrived[key].set()


async def _change(inspection_id: UUID, number: int, watched: _Watched) -> float:
    """Change an inspection; how many milliseconds after the commit its watcher knew."""
    watched.arrived[inspection_id].clear()
    async with in_transaction():
        await Inspection.filter(id=inspection_id).update(property_address=f"{number} New Road, Springfield")
    committed = time.perf_counter()
    await asyncio.wait_for(watched.arrived[inspection_id].wait(), SECONDS_MAX)
    await asyncio.sleep(PAUSE_SECONDS)
    return max(0.0, watched.at[inspection_id] - committed) * 1000
