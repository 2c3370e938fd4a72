"""A world in which everything has happened, and its API asked twice: compiled to SQL, and by the oracle."""

import itertools
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random
from typing import Any

from graphql import ExecutionResult, GraphQLSchema, execute, parse
from starlette.requests import HTTPConnection
from tortoise import connections
from tortoise.queryset import QuerySet

import models
from app.authentication import authenticate
from app.resources import Resources
from app.settings import Settings
from graphql_server.access import may_read
from graphql_server.api import Api
from graphql_server.cooperative_executor import is_awaitable
from graphql_server.executor import Executor
from graphql_server.reader import Reader
from graphql_server.reads import Declarations, Reads
from graphql_server.results import Outcome, Reporter
from operations.identity.ciphers import Cipher
from resolvers.context import Context, Dependencies
from resolvers.global_ids import NODES
from rules import clock
from rules.access import Principal, Scope
from rules.identifiers import global_id
from rules.money import CURRENCIES
from schema.root import build_api
from tests.api.rich_world import RichWorld, rich_inspection
from tests.graphql_server.reads.documents import DocumentWriter, Generated
from tests.graphql_server.reads.shop import ordered
from tests.sandbox_servers import Servers
from tests.schema.oracle.asking import TABLES, Asking
from tests.schema.oracle.schema import oracle_schema
from tests.world import World

CROOKED = ('She said "no"', "back\\slash", "tab\tand\nline", "Ärger & <b>", "\u2028 \U0001f600", "{row.id} %s $1")
"""Texts that a careless printer trips over."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What is compared of an answer: its data, in order, and each error's path, code and sentence."""

    data: object
    errors: Sequence[tuple[tuple[str | int, ...], str, str]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The world's rows, who may ask for them, and what answers."""

    executor: Executor
    api: Api
    held: Resources
    dependencies: Dependencies
    principals: Mapping[str, Principal | None]
    ids: Mapping[str, Sequence[str]]

    @property
    def schema(self) -> GraphQLSchema:
        return self.api.graphql_schema

    def compiled_from(self, declarations: Declarations) -> "Comparison":
        """The same with other declarations."""
        reader = Reader(Reads(self.schema, declarations), self.held.reading)
        executor = Executor(self.api, introspection=False, reader=reader)
        return replace(self, executor=executor, dependencies=replace(self.dependencies, reader=reader))

    def context(self, who: str) -> Context:
        return Context(authenticated=self.principals[who], dependencies=self.dependencies, request_id="")

    async def compiled(self, source: str, who: str, variables: Mapping[str, Any]) -> Compared:
        """The answer that PostgreSQL writes."""
        principal = self.principals[who]
        result = await self.executor.execute(
            source,
            scope=principal.scope if principal else None,
            context=self.context(who),
            credentials=principal.credentials if principal else {},
            variables=variables,
        )
        assert result.outcome is Outcome.EXECUTED, result.errors
        return _compared(json.loads(result.text) if result.text else result.data, result.errors)

    async def expected(self, source: str, who: str, variables: Mapping[str, Any]) -> Compared:
        """The oracle's."""
        executed = execute(
            oracle_schema(),
            parse(source),
            context_value=Asking(self.context(who)),
            variable_values=dict(variables),
            is_awaitable=is_awaitable,
        )
        found = executed if isinstance(executed, ExecutionResult) else await executed
        for error in found.errors or ():
            cause = error.original_error
            if cause is not None and not isinstance(cause, TypeError) and self.api.refusal_of(cause) is None:
                raise cause  # A fault of the oracle's own; TypeError is graphql-core's for null where none may be.
        reporter = Reporter(None, self.api.refusal_of)
        return _compared(found.data, [reporter.format(error) for error in found.errors or ()])

    async def differs(self, source: str, who: str, variables: Mapping[str, Any]) -> str | None:
        """How the two answers differ, if they do."""
        found, expected = await self.compiled(source, who, variables), await self.expected(source, who, variables)
        if found.data is None and expected.data is None:
            # Which of several errors put null there first is not said: there must be one.
            return None if found.errors and expected.errors else "no error says why there is nothing"
        if ordered(found.data) != ordered(expected.data):
            return f"{json.dumps(found.data)}\n{json.dumps(expected.data)}"
        return None if found.errors == expected.errors else f"{found.errors}\n{expected.errors}"

    async def is_refused(self, source: str, who: str) -> bool:
        """Whether whoever asks is told that their rights have ended."""
        principal = self.principals[who]
        assert principal is not None
        result = await self.executor.execute(
            source, scope=principal.scope, context=self.context(who), credentials=principal.credentials
        )
        return result.outcome is Outcome.UNAUTHENTICATED

    @asynccontextmanager
    async def revoked(self, who: str) -> AsyncIterator[None]:
        """Their session or link is revoked for as long as the block runs."""
        row = self._rights_of(who)
        await row.update(revoked_at=clock.now())
        try:
            yield
        finally:
            await row.update(revoked_at=None)

    @asynccontextmanager
    async def expired(self, who: str) -> AsyncIterator[None]:
        """Their link is over for as long as the block runs."""
        row = self._rights_of(who)
        (found,) = await row
        await row.update(expires_at=clock.now())
        try:
            yield
        finally:
            await row.update(expires_at=found.expires_at)

    def _rights_of(self, who: str) -> QuerySet[Any]:
        principal = self.principals[who]
        assert principal is not None
        if principal.session_id is not None:
            return models.SignIn.filter(id=principal.session_id)
        return models.Grant.filter(id=principal.grant_id)

    def random_document(self, seed: int, who: str) -> Generated | None:
        """A document that whoever asks may run; None where none came of it."""
        random, principal = Random(seed), self.principals[who]
        scope = principal.scope if principal else None
        for _ in range(50):
            writer = DocumentWriter(self.schema, random, self._values(random), lambda field: may_read(field, scope))
            generated = writer.write()
            if self.executor.documents.prepare(generated.source, scope).document is not None:
                return generated
        return None

    def _values(self, random: Random) -> Mapping[str, Sequence[Any]]:
        some = [random.choice(random.choice(list(self.ids.values()))) for _ in range(4)]
        inspections, invoices = self.ids["Inspection"], self.ids["Invoice"]
        now = clock.now()
        since, until = (now - timedelta(days=300)).isoformat(), (now + timedelta(days=60)).isoformat()
        return {
            "id": [*random.choices(inspections, k=4), *random.choices(invoices, k=4), *some, "nonsense"],
            "ids": [[], some, [*some, "nonsense", *random.choices(invoices, k=3), some[0]]],
            "first": [1, 2, 3, 50, None, 0],
            "last": [1, 2, None],
            "after": [None, "bm9uZQ"],
            "before": [None],
            "search": [None, "Clara", "agent", "12 Shore", 'no"', "%", "1001"],
            "orderBy": [None, {"field": "DATE"}, {"field": "NAME", "direction": "DESC"}],
            "filter": [None],
            "from": [since, until, now.isoformat()],
            "to": [until],
            "groupBy": ["DAY", "MONTH", "PAYER_ROLE", "METHOD", "STATUS", "INSPECTOR"],
            "subject": [None, "Please pay", "  "],
            "message": [None, "Hello.\n\nThanks & bye", ""],
        }


def _compared(data: object, errors: Sequence[Any]) -> Compared:
    told = [(tuple(error.get("path", ())), error["extensions"]["code"], _sentence(error)) for error in errors]
    return Compared(data, sorted(told, key=str))


def _sentence(error: Any) -> str:
    return "" if error["extensions"]["code"] == "INTERNAL" else str(error["message"])


@asynccontextmanager
async def comparison(servers: Servers, settings: Settings, held: Resources) -> AsyncIterator[Comparison]:
    """Two companies; the first with two inspections. All that can happen has happened to each, in crooked words."""
    async with World.begun(servers, settings, held) as world:
        _, stranger = await world.new_company("Hillside Inspections", "owner@hillside.test")
        own = await rich_inspection(world, world.inspector)
        await rich_inspection(world, world.inspector)
        foreign = await rich_inspection(world, stranger)
        guest = await _guest_of(own)
        await _make_crooked()
        api = build_api()
        assert api.reads is not None
        reader = Reader(api.reads, held.reading)
        tokens = {
            "staff": world.inspector.token,
            "client": own.apis[Scope.CLIENT].token,
            "guest": guest,
            "payer": own.apis[Scope.PAYER].token,
            "stranger": stranger.token,
            "payer of a stranger": foreign.apis[Scope.PAYER].token,
            "anybody": None,
        }
        yield Comparison(
            Executor(api, introspection=False, reader=reader),
            api,
            held,
            _dependencies(settings, held, reader),
            {who: await _principal(token, settings) for who, token in tokens.items()},
            {name: await _ids(name) for name in NODES},
        )


def _dependencies(settings: Settings, held: Resources, reader: Reader) -> Dependencies:
    """What holes are filled with; addresses are not signed, so that they are the same at any moment."""

    async def nothing(*_: object) -> None:
        raise AssertionError("reading changes nothing")

    return Dependencies(
        stripe=held.stripe,
        portals=settings.portals,
        secret="",
        cipher=Cipher(settings.address_keys),
        enqueue=nothing,
        guard_sign_in=nothing,  # type: ignore[arg-type]
        sign_address=lambda target: f"https://signed.test{target}",
        reader=reader,
    )


async def _principal(token: str | None, settings: Settings) -> Principal | None:
    headers = [(b"authorization", f"Bearer {token}".encode())] if token else []
    connection = HTTPConnection({"type": "http", "headers": headers})
    return await authenticate(connection, keys=(settings.signing_key.get_secret_value(),), bad_links=None)


async def _guest_of(rich: RichWorld) -> str:
    """The token of somebody whom the client let into the portal."""
    person = next(one for one in rich.job.created["people"] if one["role"] == "BUYERS_AGENT")["person"]["id"]
    shared = await rich.apis[Scope.CLIENT].mutate("shareClientPortal", "url", inspectionId=rich.job.id, personId=person)
    return str(shared.done("url")).partition("#")[2]


async def _ids(type_name: str) -> list[str]:
    return [global_id(type_name, row.pk) for row in await TABLES[type_name].all()]


async def _make_crooked() -> None:
    """Texts with everything in them, and rows in all currencies."""
    database = connections.get("default")
    texts, currencies = itertools.cycle(CROOKED), itertools.cycle(CURRENCIES)
    for table, column in (("payments", "payer_name"), ("line_items", "description"), ("invoices", "company_name")):
        for row in await database.execute_query_dict(f"SELECT id FROM {table} ORDER BY id"):
            await database.execute_query(f"UPDATE {table} SET {column} = $1 WHERE id = $2", [next(texts), row["id"]])
    for table in ("invoices", "invoice_lines", "line_items", "payments", "refunds", "agreements", "inspections"):
        for row in await database.execute_query_dict(f"SELECT id FROM {table} ORDER BY id"):
            await database.execute_query(
                f"UPDATE {table} SET currency = $1 WHERE id = $2", [next(currencies), row["id"]]
            )
    await models.Company.filter(name="Hillside Inspections").update(report_lock_enabled=True)
