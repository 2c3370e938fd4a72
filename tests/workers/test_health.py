"""Whether a worker's loops turn."""

import httpx
import pytest
from starlette.applications import Starlette

from app.beside import health_route
from app.supervisor import Supervisor
from workers import health
from workers.health import LATE_SECONDS, Heartbeats


async def test_a_loop_that_stands_still_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(health, "monotonic", lambda: now)
    beats = Heartbeats("send_emails", "poll_payments")
    app = Starlette(routes=[health_route(lambda: sorted(beats.late()))])
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://worker.test")
    assert (await client.get("/healthz")).status_code == 200
    now += LATE_SECONDS + 1
    beats.turned("send_emails")
    answer = await client.get("/healthz")
    assert (answer.status_code, answer.json()) == (503, {"status": "failed", "stuck": ["poll_payments"]})
    beats.turned("poll_payments")
    assert (await client.get("/healthz")).status_code == 200


async def test_a_process_that_is_not_there_is_silent() -> None:
    supervisor = Supervisor("worker", number=2)
    assert supervisor.silent(LATE_SECONDS) == 2
