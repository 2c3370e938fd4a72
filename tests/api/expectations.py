"""What a test of the API expects to happen, and above all what it expects not to happen."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from graphql import is_list_type, is_non_null_type
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


async def environment(world: World) -> dict[str, Any]:
    """Everything that an operation could leave behind: each table's content, the mailbox and the calls to Stripe."""
    rows = await connections.get("default").execute_query_dict(_contents())
    outside = world.servers.stripe.client  # Any client will do: a new one for each look costs more than the look.
    mails = (await outside.get(f"{world.servers.mailbox.url}/api/messages")).json()
    calls = [(call["method"], call["path"]) for call in await world.servers.stripe.requests()]
    return {row["name"]: row["content"] for row in rows} | {"mails": mails, "stripe": calls}


def stands_alone(digits: str, text: str) -> bool:
    """Whether the text says these digits, rather than holds them by chance inside a random id."""
    return re.search(rf"(?<![\w-]){digits}(?![\w-])", text) is not None


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
    before = await environment(world)
    yield
    after = await environment(world)
    assert [name for name in before if before[name] != after[name]] == []


async def refused(world: World, api: Api, mutation: str, /, **given: Any) -> Refused:
    """How a mutation was refused: for one reason, and with nothing changed."""
    (refusal,) = await refusals(world, api, mutation, **given)
    return refusal


async def refusals(world: World, api: Api, mutation: str, /, **given: Any) -> list[Refused]:
    """Each reason why a mutation was refused, in the order told; nothing has changed."""
    async with nothing_changes(world):
        payload = await api.mutate(mutation, **given)
    assert payload.content["userErrors"], f"{mutation} was not refused: {given}"
    return [_refused(mutation, error) for error in payload.content["userErrors"]]


def _refused(mutation: str, error: dict[str, Any]) -> Refused:
    """One user error, whose path leads to something in the mutation's input."""
    path = error["field"] or []
    kind: Any = build_api()._schema.type_map[mutation[0].upper() + mutation[1:] + "Input"]
    for step in path:
        assert step.isdecimal() == is_list_type(kind), f"{path} is no path into the input of {mutation}"
        assert step.isdecimal() or step in kind.fields, f"{path} is no path into the input of {mutation}"
        kind = kind.of_type if step.isdecimal() else kind.fields[step].type
        kind = kind.of_type if is_non_null_type(kind) else kind
    assert error["message"].endswith(".") or error["message"].startswith("Fixed amount cannot exceed ")
    return Refused(error["code"], error["message"], ".".join(path) or None)


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
