"""What a test of the API expects to happen, and above all what it expects not to happen."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from graphql import GraphQLInputObjectType, get_named_type
from tortoise import connections

import models
from schema.root import build_api
from tests.world import Api, World


@dataclass(frozen=True, slots=True)
class Refused:
    """The one user error of a mutation that was refused."""

    code: str
    message: str
    field: str | None


async def surroundings(world: World) -> dict[str, Any]:
    """Everything that an operation could leave behind: each table's content, the mailbox and the calls to Stripe."""
    rows = await connections.get("default").execute_query_dict(_contents())
    outside = world.servers.stripe.client  # Any client will do: a new one for each look costs more than the look.
    mails = (await outside.get(f"{world.servers.mailbox.url}/api/messages")).json()
    calls = [(call["method"], call["path"]) for call in await world.servers.stripe.requests()]
    return {row["name"]: row["content"] for row in rows} | {"mails": mails, "stripe": calls}


def tables() -> list[str]:
    """The names of all tables of ours."""
    rows = (model for model in vars(models).values() if isinstance(model, type) and issubclass(model, models.Row))
    return sorted(model._meta.db_table for model in rows if model is not models.Row)


@cache
def _contents() -> str:
    """One statement for a digest of every table of ours."""
    digest = "count(*) || ':' || md5(coalesce(string_agg(r::text, '|' ORDER BY r.id), ''))"
    return " UNION ALL ".join(f"SELECT '{table}' AS name, {digest} AS content FROM {table} r" for table in tables())


@asynccontextmanager
async def nothing_changes(world: World) -> AsyncIterator[None]:
    """No row, no mail and no request to Stripe comes of what the block does."""
    before = await surroundings(world)
    yield
    after = await surroundings(world)
    assert [name for name in before if before[name] != after[name]] == []


async def refused(world: World, api: Api, mutation: str, /, **given: Any) -> Refused:
    """How a mutation was refused: with one error, naming a field that its input has, and with nothing changed."""
    async with nothing_changes(world):
        payload = await api.mutate(mutation, **given)
    assert len(payload.content["userErrors"]) == 1, payload.content
    (error,) = payload.content["userErrors"]
    path = error["field"] or []
    names = {step for step in path if not step.isdecimal()}
    assert names <= set(_input_fields(mutation)), f"{path} is not an input field of {mutation}"
    assert error["message"].endswith(".") or error["message"].startswith("Fixed amount cannot exceed ")
    return Refused(error["code"], error["message"], ".".join(path) or None)


def _input_fields(mutation: str) -> Iterable[str]:
    takes = build_api()._schema.type_map[mutation[0].upper() + mutation[1:] + "Input"]
    waiting = [takes]
    while waiting:
        kind = waiting.pop()
        assert isinstance(kind, GraphQLInputObjectType)
        for name, field in kind.fields.items():
            yield name
            behind = get_named_type(field.type)
            if isinstance(behind, GraphQLInputObjectType):
                waiting.append(behind)


async def forbidden(world: World, api: Api, query: str, **variables: Any) -> list[str]:
    """The fields that a whole operation was refused for, which returned, changed and called nothing."""
    async with nothing_changes(world):
        answer = await api.run(query, **variables)
    assert answer.body.get("data") is None, answer.body
    assert set(answer.codes) == {"FORBIDDEN"}, answer.body
    return [error["message"] for error in answer.body["errors"]]


async def missing(world: World, api: Api, query: str, **variables: Any) -> None:
    """A query for something that is absent, or not the caller's: both answer the same."""
    async with nothing_changes(world):
        answer = await api.run(query, **variables)
    assert answer.codes == ["NOT_FOUND"], answer.body
    assert not any((answer.body.get("data") or {}).values()), answer.body
