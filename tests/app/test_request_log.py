"""The line that each request leaves: who asked for what, how it ended, and nothing that anybody typed."""

from collections.abc import MutableMapping
from typing import Any

import pytest
from structlog.testing import capture_logs

from models import Grant, User
from tests.world import PASSWORD, World

SECRET = "hunter2-in-clear"


async def line_of(world: World, query: str, token: str | None = None, **body: Any) -> MutableMapping[str, Any]:
    """The one line that a request leaves."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with capture_logs() as lines:
        await world.http.post("/graphql", json={"query": query, **body}, headers=headers)
    (line,) = [line for line in lines if line["event"] == "request"]
    assert (line["method"], line["path"]) == ("POST", "/graphql")
    assert {"status", "duration_ms"} <= line.keys()
    return line


async def test_a_line_says_who_ran_which_operation(world: World) -> None:
    """Of staff the scope, company and user, of a link the grant; of the operation its kind and name."""
    user, company = await User.get(), str(world.company_key)
    line = await line_of(world, "query Dashboard { people { totalCount } }", world.inspector.token)
    who = {"scope": "INSPECTOR", "company_id": company, "user_id": str(user.id)}
    assert {name: line[name] for name in who} == who
    assert (line["operation"], line["operation_name"], line["status"]) == ("query", "Dashboard", 200)
    assert "codes" not in line
    client = await (await world.inspection()).client_portal()
    line = await line_of(world, "{ viewer { __typename } }", client.token)
    who = {"scope": "CLIENT", "company_id": company, "grant_id": str((await Grant.get()).id)}
    assert {name: line[name] for name in who} == who
    assert line["operation"] == "query"
    assert line.keys().isdisjoint({"operation_name", "user_id", "codes"})
    line = await line_of(world, "query Hello { viewer { __typename } }")
    assert line["operation_name"] == "Hello"
    assert line.keys().isdisjoint({"scope", "company_id", "user_id", "grant_id"})


@pytest.mark.parametrize(
    ("query", "token", "codes", "name"),
    [
        ("query Mail { emails { totalCount } }", "client", ["FORBIDDEN"], None),
        ("query Mail { emails { totalCount } }", None, ["UNAUTHENTICATED"], None),
        ("query Mail { emails { totalCount } }", "forged", ["UNAUTHENTICATED"], None),
        ('query One { node(id: "nothing") { id } }', "inspector", ["NOT_FOUND"], "One"),
        ("query {", "inspector", ["MALFORMED_OPERATION"], None),
        (" ", "inspector", ["MALFORMED_OPERATION"], None),
        (
            f'mutation Enter {{ signIn(input: {{email: "{SECRET}", password: "{SECRET}"}}) {{ __typename }} }}',
            None,
            ["UNAUTHENTICATED"],
            "Enter",
        ),
        (
            'mutation Two { a: voidInvoice(input: {invoiceId: "x"}) { __typename }'
            ' b: createPerson(input: {name: "", email: "no"}) { __typename } }',
            "inspector",
            ["INVALID_EMAIL", "INVALID_INPUT", "NOT_FOUND"],
            "Two",
        ),
    ],
)
async def test_a_line_says_with_which_codes_it_ended(
    world: World, query: str, token: str | None, codes: list[str], name: str | None
) -> None:
    """Codes of errors and of user errors alike, whether or not they were selected."""
    client = await (await world.inspection()).client_portal()
    tokens = {"client": client.token, "inspector": world.inspector.token, "forged": "forged", None: None}
    line = await line_of(world, query, tokens[token])
    assert line["codes"] == codes
    assert line.get("operation_name") == name


async def test_a_line_holds_nothing_that_was_typed(world: World) -> None:
    """Neither literals nor variables, nor a made-up operation name; a name in the document is bounded."""
    literal = f'{{ people(search: "{SECRET}") {{ totalCount }} }}'
    sent: list[tuple[str, dict[str, Any]]] = [
        (literal, {}),
        ("query($x: String) { people(search: $x) { totalCount } }", {"variables": {"x": SECRET}}),
        ("query A { viewer { __typename } }", {"operationName": SECRET}),
        (f'mutation {{ createPerson(input: {{name: "{SECRET}", email: "{SECRET}"}}) {{ __typename }} }}', {}),
        (f'mutation {{ createPerson(input: {{nme: "{SECRET}"}}) {{ __typename }} }}', {}),
    ]
    for query, body in sent:
        assert SECRET not in repr(await line_of(world, query, world.inspector.token, **body))
    line = await line_of(world, f"query {'Q' * 5_000} {{ viewer {{ __typename }} }}", world.inspector.token)
    assert line["operation_name"] == "Q" * 64
    assert PASSWORD not in repr(line)


async def test_a_long_path_is_cut(world: World) -> None:
    """A path that nobody serves is whatever somebody typed."""
    with capture_logs() as lines:
        assert (await world.http.get(f"/{'x' * 4_000}")).status_code == 404
    assert [len(line["path"]) for line in lines if line["event"] == "request"] == [200]
