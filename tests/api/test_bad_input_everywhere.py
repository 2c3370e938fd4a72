"""Bad input to every field of every mutation there is: a clear error that names the field, and nothing changed."""

from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import uuid4

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    get_named_type,
    get_nullable_type,
)
from graphql.type import is_required_input_field

from app.resources import Resources
from app.settings import Settings
from graphql_server.access import may_read
from rules.access import Scope
from rules.identifiers import global_id
from schema.root import build_api
from tests.api.expectations import nothing_changes
from tests.api.mutation_inputs import working_input
from tests.api.rich_world import RichWorld, rich_world
from tests.sandbox_servers import Servers
from tests.world import Api, Json

SCHEMA = build_api().graphql_schema
Path = tuple[str, ...]

IGNORED = ("clientMutationId",)
NOT_ASKED_FOR = {"SignInInput": ("code",)}
"""What is ignored where nothing asks for it: a code, of who has no second factor."""

SECRETS = ("signIn", "refreshSession", "acceptInvitation", "resetPassword")
"""Where a wrong text is a wrong secret: refused, but nobody is told which part was wrong."""

TEXTS = ("x" * 60_000, "x\x1b[31mred")
KEYS = ("", "x" * 256)
"""An idempotency key is compared and never shown: only its length is checked."""

ALTERNATIVES = (
    ("personId", "email"),
    ("userId", "code"),
    ("lineItemIds", "fixedAmount"),
    ("invoiceId", "inspectionId"),
)
INSTEAD_OF = {one: other for pair in ALTERNATIVES for one, other in (pair, pair[::-1])}
"""Of which other field a given one takes the place, where both are there."""

BAD: dict[str, tuple[Any, ...]] = {
    "ID": ("nonsense", "", global_id("Nothing", uuid4()), "x" * 60_000),
    "Decimal": ("abc", "", "NaN", "1e3", 12.5, "0.001", "9" * 31, "99999999999"),
    "String": TEXTS,
    "DateTime": ("tomorrow", "2026-11-23T15:00:00", 5, "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"),
    "Date": ("tomorrow", "2026-13-01", 5),
    "Int": ("5", -1, 2**31, 1.5),
    "Boolean": ("yes", 1),
}


@pytest.fixture(scope="module")
async def rich(servers: Servers, settings: Settings, held: Resources) -> AsyncIterator[RichWorld]:
    async with rich_world(servers, settings, held) as made:
        yield made


def mutations() -> Iterator[tuple[str, Scope | None]]:
    """Every mutation, with a scope that may run it."""
    assert SCHEMA.mutation_type is not None
    for name, field in SCHEMA.mutation_type.fields.items():
        yield name, next(scope for scope in (*Scope, None) if may_read(field, scope))


def takes(name: str) -> GraphQLInputObjectType:
    found = SCHEMA.type_map[name[0].upper() + name[1:] + "Input"]
    assert isinstance(found, GraphQLInputObjectType)
    return found


def bad_inputs(kind: GraphQLInputObjectType, given: Json, at: Path = ()) -> Iterator[tuple[Path, Json]]:
    """The input with one value made bad, for each field and each way to be bad; and the path of that value."""
    for name, field in kind.fields.items():
        if name in IGNORED or name in NOT_ASKED_FOR.get(kind.name, ()):
            continue
        if isinstance(get_named_type(field.type), GraphQLInputObjectType):
            yield from _bad_entries(name, field, given, at)
            continue
        listed = isinstance(get_nullable_type(field.type), GraphQLList)
        for value in _bad_values(name, field):
            other = INSTEAD_OF.get(name, "")
            replaced = other in kind.fields and not is_required_input_field(kind.fields[other])
            rest = {key: kept for key, kept in given.items() if key != other or not replaced}
            path = (*at, name, "0") if listed else (*at, name)
            yield path, {**rest, name: [value] if listed else value}


def _bad_values(name: str, field: GraphQLInputField) -> tuple[Any, ...]:
    kind = get_named_type(field.type)
    if isinstance(kind, GraphQLEnumType):
        return ("NOPE", 1)
    return KEYS if name == "idempotencyKey" else BAD[kind.name]


def _bad_entries(name: str, field: GraphQLInputField, given: Json, at: Path) -> Iterator[tuple[Path, Json]]:
    """In a list of inputs the last entry is bad, behind those that are as they should be."""
    inner = get_named_type(field.type)
    assert isinstance(inner, GraphQLInputObjectType)
    entries = given.get(name) or [ENTRIES[name]]
    place = str(len(entries))
    for path, entry in bad_inputs(inner, ENTRIES[name], (*at, name, place)):
        yield path, {**given, name: [*entries, entry]}


ENTRIES: dict[str, Json] = {
    "people": {"personId": "filled in below", "role": "BUYERS_AGENT"},
    "lineItems": {"kind": "FEE", "description": "Radon", "amount": "20.00"},
}
"""An entry as it should be, of each list of inputs."""


@pytest.mark.parametrize(("name", "scope"), list(mutations()))
async def test_every_field_refuses_what_is_bad_by_its_path(
    rich: RichWorld, name: str, scope: Scope | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever field of whatever mutation is bad, the answer names it, is no fault of ours, and nothing has changed."""
    another = await rich.world.person()
    monkeypatch.setitem(ENTRIES["people"], "personId", another)
    api, given = await working_input(rich, name, scope)
    async with nothing_changes(rich.world):
        for path, bad in bad_inputs(takes(name), given):
            await _refused(api, name, bad, path)


async def _refused(api: Api, name: str, bad: Json, path: Path) -> None:
    kind = name[0].upper() + name[1:] + "Input"
    query = f"mutation($input: {kind}!) {{ {name}(input: $input) {{ userErrors {{ code message field }} }} }}"
    answer = await api.run(query, input=bad)
    told = f"{name} with a bad {'.'.join(path)}: {str(answer.body)[:500]}"
    if answer.codes:
        assert set(answer.codes) == {"MALFORMED_OPERATION"}, told
        assert f".{'.'.join(step for step in path if not step.isdecimal())}" in _names_of(answer.body), told
        return
    errors = answer.data[name]["userErrors"]
    assert errors, told
    assert all(len(error["message"]) < 1000 and error["code"] != "INTERNAL" for error in errors), told
    if name not in SECRETS:
        fields = [tuple(error["field"] or ()) for error in errors]
        assert any(field and field == path[: len(field)] for field in fields), told


def _names_of(body: Json) -> str:
    """The messages of the errors, with the places in lists that they name left out."""
    message = " ".join(error["message"] for error in body["errors"])
    return "".join(character for character in message if character not in "[]0123456789").replace("..", ".")
