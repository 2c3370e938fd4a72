"""GraphQL over HTTP: what is accepted, what is answered, and with which status."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.graphql_server.edge import codes, serve

RESPONSE = "application/graphql-response+json; charset=utf-8"
HELLO = {"query": "{ hello }"}
HOUSE = {"query": "{ house { address } }"}
PAINT = {"query": 'mutation { paint(input: {color: "red"}) }'}


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with serve() as client:
        yield client


async def test_a_plain_post_is_answered(client: httpx.AsyncClient) -> None:
    response = await client.post("/graphql", json=HELLO)
    assert response.status_code == 200
    assert response.json() == {"data": {"hello": "world"}}
    assert response.headers["content-type"] == RESPONSE


async def test_variables_and_the_name_of_the_operation_are_used(client: httpx.AsyncClient) -> None:
    source = "query A { hello } mutation B($input: PaintInput!) { paint(input: $input) }"
    body = {"query": source, "variables": {"input": {"color": "blé"}}, "operationName": "B", "extensions": {}}
    response = await client.post("/graphql", json=body)
    assert response.json() == {"data": {"paint": "blé"}}
    assert "blé".encode() in response.content


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON;charset=UTF-8",
        'application/json; charset="utf-8"',
    ],
)
async def test_json_in_utf8_is_accepted(client: httpx.AsyncClient, content_type: str) -> None:
    response = await client.post("/graphql", content=json.dumps(HELLO), headers={"Content-Type": content_type})
    assert response.status_code == 200


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/jsonp",
        "text/plain; application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=application/json",
        "application/json; charset=utf-16",
        "application/json, text/plain",
        "application/graphql",
        "application/json; profile=x",
    ],
)
async def test_any_other_content_type_is_refused(client: httpx.AsyncClient, content_type: str) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    response = await client.post("/graphql", content=json.dumps(PAINT), headers=headers)
    assert response.status_code == 415
    assert codes(response) == ["MALFORMED_OPERATION"]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("null", "The body must be a JSON object"),
        ("1", "The body must be a JSON object"),
        ('"x"', "The body must be a JSON object"),
        ("true", "The body must be a JSON object"),
        ("[]", "Send one operation a request"),
        ('[{"query": "{ hello }"}]', "Send one operation a request"),
        ("", "The body is not JSON."),
        ("{", "The body is not JSON."),
        ('{"query": NaN}', "The body is not JSON."),
        ('{"query": ' + "9" * 5000 + "}", "The body is not JSON."),
        ('{"query": 1e400}', "The body is not JSON."),
        ('{"query": "{ hello }", "variables": {"a": [-1e999]}}', "The body is not JSON."),
        ("[" * 60_000, "The body is nested too deeply; at most 64"),
        ('{"query": "{ hello }", "variables": {"a": ' + "[" * 63 + "]" * 63 + "}}", "The body is nested too deeply"),
        ('{"query": "{ hello }", "extensions": ' + '{"a":' * 900 + "1" + "}" * 900 + "}", "The body is nested too"),
        (b"\xff\xfe{\x00}\x00", "The body is not in UTF-8."),
        ("\ufeff{}", "The body is not JSON."),
        ("{}", "query must be a string"),
        ('{"query": null}', "query must be a string"),
        ('{"query": 1}', "query must be a string"),
        ('{"query": {"a": 1}}', "query must be a string"),
        ('{"query": " "}', "query must be a string"),
        ('{"query": "{ hello }", "variables": []}', "variables must be a JSON object or null."),
        ('{"query": "{ hello }", "variables": "{}"}', "variables must be a JSON object or null."),
        ('{"query": "{ hello }", "operationName": 1}', "operationName must be a string or null."),
        ('{"query": "{ hello }", "extensions": 1}', "extensions must be a JSON object or null."),
        ('{"query": "{ hello }", "variables": {"a": ["\\u0000"]}}', "The body holds a NUL character"),
        ('{"query": "{ hello }", "variables": {"\\ud800": 1}}', "The body holds a NUL character"),
    ],
)
async def test_a_body_that_is_no_request_is_refused(
    client: httpx.AsyncClient, body: str | bytes, sentence: str
) -> None:
    for accept in ("*/*", "application/json"):
        headers = {"Content-Type": "application/json", "Accept": accept}
        response = await client.post("/graphql", content=body, headers=headers)
        assert response.status_code == 400
        assert response.json()["errors"][0]["message"].startswith(sentence)
        assert codes(response) == ["MALFORMED_OPERATION"]


async def test_a_body_as_deep_as_is_accepted_is_read(client: httpx.AsyncClient) -> None:
    """64 lists and objects may be in each other, however many there are beside them (section 6)."""
    beside = ",".join(["[[]]"] * 1_000)
    body = '{"query": "{ hello }", "variables": {"a": ' + "[" * 62 + "]" * 62 + f', "b": [{beside}]' + "}}"
    response = await client.post("/graphql", content=body, headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()) == (200, {"data": {"hello": "world"}})


async def test_text_that_only_looks_like_a_nul_is_accepted(client: httpx.AsyncClient) -> None:
    source = "mutation ($input: PaintInput!) { paint(input: $input) }"
    for color in ("\\u0000", "\\ud800", "😀"):
        response = await client.post("/graphql", json={"query": source, "variables": {"input": {"color": color}}})
        assert response.json() == {"data": {"paint": color}}


async def test_a_body_at_its_limit_is_read_and_one_beyond_it_is_not(client: httpx.AsyncClient) -> None:
    body = json.dumps(HELLO)
    headers = {"Content-Type": "application/json"}
    within = await client.post("/graphql", content=body.ljust(128 * 1024), headers=headers)
    beyond = await client.post("/graphql", content=body.ljust(128 * 1024 + 1), headers=headers)
    assert (within.status_code, beyond.status_code) == (200, 413)


async def test_a_body_without_a_declared_length_is_read_no_further_than_its_limit(client: httpx.AsyncClient) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(1000):
            sent += 4096
            yield b" " * 4096

    response = await client.post("/graphql", content=endless(), headers={"Content-Type": "application/json"})
    assert response.status_code == 413
    assert sent <= 128 * 1024 + 2 * 4096


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        ("*/*", "application/graphql-response+json"),
        ("application/*", "application/graphql-response+json"),
        ("application/graphql-response+json", "application/graphql-response+json"),
        ("application/graphql-response+json, application/json;q=0.9", "application/graphql-response+json"),
        ("application/json, application/graphql-response+json", "application/graphql-response+json"),
        ("application/json", "application/json"),
        ("application/json, */*;q=0.1", "application/json"),
        ("application/graphql-response+json;q=0.5, application/json", "application/json"),
        ("text/html, application/json;q=0.5", "application/json"),
    ],
)
async def test_the_answer_is_in_the_type_that_is_liked_best(
    client: httpx.AsyncClient, accept: str, answered: str
) -> None:
    response = await client.post("/graphql", json=HELLO, headers={"Accept": accept})
    assert response.status_code == 200
    assert response.headers["content-type"] == f"{answered}; charset=utf-8"


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "application/json;q=0", "*/*;q=0", "nonsense"])
async def test_nothing_is_run_for_whoever_accepts_no_answer(client: httpx.AsyncClient, accept: str) -> None:
    response = await client.post("/graphql", json=HELLO, headers={"Accept": accept})
    assert response.status_code == 406


@pytest.mark.parametrize(
    ("source", "headers", "status", "code"),
    [
        ("{ hello", {}, 400, "MALFORMED_OPERATION"),
        ("{ helo }", {}, 400, "MALFORMED_OPERATION"),
        ("{" + "hello " * 11 + "}", {}, 400, "OPERATION_TOO_COMPLEX"),
        ("{ house { secret } }", {"Authorization": "Bearer CLIENT"}, 400, "FORBIDDEN"),
        ("{ house { secret } }", {"Authorization": ""}, 401, "UNAUTHENTICATED"),
        ("{ refusing }", {}, 200, "INVALID_INPUT"),
        ("{ missing }", {}, 200, "INTERNAL"),
    ],
)
async def test_the_status_says_whether_anything_ran(
    client: httpx.AsyncClient, source: str, headers: dict[str, str], status: int, code: str
) -> None:
    if headers.get("Authorization") == "":
        del client.headers["Authorization"]
        headers = {}
    response = await client.post("/graphql", json={"query": source}, headers=headers)
    assert response.status_code == status
    assert codes(response)[0] == code
    assert ("data" in response.json()) is (status == 200)
    assert ("www-authenticate" in response.headers) is (status == 401)
    legacy = await client.post("/graphql", json={"query": source}, headers={**headers, "Accept": "application/json"})
    assert legacy.status_code == 200
    assert codes(legacy)[0] == code


async def test_a_token_that_is_not_valid_is_refused_before_the_operation(client: httpx.AsyncClient) -> None:
    for accept in ("*/*", "application/json"):
        headers = {"Authorization": "Bearer forged", "Accept": accept}
        response = await client.post("/graphql", json=HOUSE, headers=headers)
        assert response.status_code == 401
        assert response.headers["www-authenticate"] == 'Bearer error="invalid_token"'
        assert codes(response) == ["UNAUTHENTICATED"]


@pytest.mark.parametrize("token", ["forged", "often"])
async def test_public_fields_ignore_whatever_token_comes_along(client: httpx.AsyncClient, token: str) -> None:
    """What needs no token is answered as to anybody, also to an expired token or one that is asked about too often."""
    headers = {"Authorization": f"Bearer {token}"}
    for response in (
        await client.post("/graphql", json=HELLO, headers=headers),
        await client.get("/graphql", params=HELLO, headers=headers),
    ):
        assert (response.status_code, response.json()) == (200, {"data": {"hello": "world"}})


@pytest.mark.parametrize(
    "source",
    [
        "{ hello house { address } }",
        "query A { hello } query B { house { address } }",
        "{ hello @include(if: true) house @skip(if: true) { address } }",
        "{ hello ...More } fragment More on Query { house { address } }",
        "{ hello",
        "{ helo }",
    ],
)
async def test_a_public_field_takes_no_other_along(client: httpx.AsyncClient, source: str) -> None:
    """A token that is not valid keeps the whole document from running when any part of it needs one."""
    body = {"query": source, "operationName": "A" if "query A" in source else None}
    response = await client.post("/graphql", json=body, headers={"Authorization": "Bearer forged"})
    assert (response.status_code, codes(response)) == (401, ["UNAUTHENTICATED"])
    assert "data" not in response.json()


async def test_who_asks_too_often_is_told_when_to_come_back(client: httpx.AsyncClient) -> None:
    response = await client.post("/graphql", json=HOUSE, headers={"Authorization": "Bearer often"})
    assert response.status_code == 429
    assert response.json()["errors"][0]["extensions"]["retryAfterSeconds"] == 60
    assert response.headers["retry-after"] == "60"
    assert codes(response) == ["RATE_LIMITED"]


async def test_a_query_may_be_asked_with_get(client: httpx.AsyncClient) -> None:
    source = "query ($id: ID!) { node(id: $id) { ... on House { address } } }"
    parameters = {"query": source, "variables": '{"id": "h9"}', "operationName": ""}
    response = await client.get("/graphql", params=parameters)
    assert response.status_code == 200
    assert response.json() == {"data": {"node": {"address": "h9 Elm"}}}


async def test_a_mutation_is_not_run_with_get(client: httpx.AsyncClient) -> None:
    for accept in ("*/*", "application/json"):
        response = await client.get("/graphql", params=PAINT, headers={"Accept": accept})
        assert response.status_code == 405
        assert response.headers["allow"] == "POST"
        assert "data" not in response.json()


@pytest.mark.parametrize(
    "parameters",
    [{}, {"query": ""}, {"query": "{ hello }", "variables": "["}, {"query": "{ hello }", "variables": "1"}],
)
async def test_an_address_that_is_no_request_is_refused(client: httpx.AsyncClient, parameters: Any) -> None:
    assert (await client.get("/graphql", params=parameters)).status_code == 400


async def test_other_methods_are_refused(client: httpx.AsyncClient) -> None:
    for method in ("PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"):
        response = await client.request(method, "/graphql", json=HELLO)
        assert response.status_code == 405
        assert response.headers["allow"] == "GET, POST"
