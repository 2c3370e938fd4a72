"""Origins, headers, request ids, the log line of a request, and faults outside of an operation."""

from collections.abc import AsyncIterator

import httpx
import pytest
import structlog
from structlog.testing import capture_logs

from graphql_server.http.security import HEADERS
from tests.app.toy_app import ORIGIN, serve
from tests.graphql_server.edge import codes

PAINT = {"query": 'mutation { paint(input: {color: "red"}) }'}


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with serve() as client:
        yield client


async def test_an_allowed_origin_may_call_and_read_the_answer(client: httpx.AsyncClient) -> None:
    headers = {"Origin": ORIGIN, "Sec-Fetch-Site": "cross-site"}
    response = await client.post("/graphql", json=PAINT, headers=headers)
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == ORIGIN
    assert "origin" in response.headers["vary"].lower()
    assert "access-control-allow-credentials" not in response.headers


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ORIGIN + ".evil.example"},
        {"Origin": ORIGIN.upper()},
        {"Origin": "http://app.example.com"},
        {"Origin": "https://api.example.com"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
async def test_pages_of_other_origins_are_refused(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    for method in ("GET", "POST", "OPTIONS"):
        response = await client.request(method, "/graphql", json=PAINT, headers=headers)
        assert response.status_code == 403
        assert codes(response) == ["FORBIDDEN"]
        assert "access-control-allow-origin" not in response.headers


async def test_a_preflight_is_answered_for_an_allowed_origin(client: httpx.AsyncClient) -> None:
    headers = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
    response = await client.options("/graphql", headers=headers)
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == ORIGIN
    assert "authorization" in response.headers["access-control-allow-headers"].lower()
    refused = await client.options("/graphql", headers={**headers, "Origin": "https://evil.example"})
    assert refused.status_code == 403


async def test_same_origin_requests_without_origin_are_answered(client: httpx.AsyncClient) -> None:
    for site in ("none", "same-origin", "same-site"):
        response = await client.post("/graphql", json=PAINT, headers={"Sec-Fetch-Site": site})
        assert response.status_code == 200


async def test_every_response_carries_the_headers(client: httpx.AsyncClient) -> None:
    responses = [
        await client.post("/graphql", json=PAINT),
        await client.post("/graphql", content="x"),
        await client.get("/nowhere"),
        await client.get("/healthz"),
        await client.post("/graphql", json=PAINT, headers={"Origin": "https://evil.example"}),
        await client.post("/graphql", json=PAINT, headers={"Authorization": "Bearer explode"}),
    ]
    assert [response.status_code for response in responses] == [200, 415, 404, 200, 403, 500]
    for response in responses:
        assert {name: response.headers[name] for name in HEADERS} == HEADERS
        assert response.headers["x-request-id"]


async def test_a_request_id_is_kept_when_it_is_safe_and_made_when_it_is_not(client: httpx.AsyncClient) -> None:
    kept = await client.get("/healthz", headers={"X-Request-ID": "abc-DEF_123"})
    assert kept.headers["x-request-id"] == "abc-DEF_123"
    for unsafe in ("short", "x" * 65, "with space", "line\tbreak", "é" * 10):
        made = await client.get("/healthz", headers={b"X-Request-ID": unsafe.encode()})
        assert made.headers["x-request-id"] != unsafe
        assert len(made.headers["x-request-id"]) == 32


async def test_a_request_leaves_one_line_without_its_query_string(client: httpx.AsyncClient) -> None:
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logs:
        response = await client.get("/graphql", params={"query": "{ hello }", "token": "secret"})
    (line,) = logs
    assert line["event"] == "request"
    assert (line["method"], line["path"], line["status"]) == ("GET", "/graphql", 200)
    assert line["request_id"] == response.headers["x-request-id"]
    assert line["duration_ms"] >= 0
    assert "secret" not in str(logs)
    assert structlog.contextvars.get_contextvars() == {}


async def test_a_fault_outside_of_an_operation_is_masked_and_logged(client: httpx.AsyncClient) -> None:
    with capture_logs() as logs:
        response = await client.post("/graphql", json=PAINT, headers={"Authorization": "Bearer explode"})
    assert response.status_code == 500
    (error,) = response.json()["errors"]
    assert error["extensions"]["code"] == "INTERNAL"
    assert error["extensions"]["reference"] == logs[0]["reference"]
    assert logs[0]["event"] == "request_failed"
    assert "hunter2" not in response.text
    assert "Traceback" not in response.text
    assert logs[-1]["status"] == 500


async def test_an_unknown_path_is_answered_in_json(client: httpx.AsyncClient) -> None:
    response = await client.get("/nowhere")
    assert response.status_code == 404
    assert codes(response) == ["NOT_FOUND"]
