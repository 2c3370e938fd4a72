"""A small schema with every shape that the edge has to judge: interface, union, mutation, subscription, lists."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Annotated

import strawberry
from graphql import GraphQLField, GraphQLInterfaceType, GraphQLObjectType

from graphql_server.access import allow, public
from graphql_server.api import Api
from graphql_server.paging import After, Before, First, Last
from graphql_server.relay import connection_of
from graphql_server.scalars import CurrencyCode
from tests.pages import Page, encode_cursor, page_request


class Scope(StrEnum):
    """Who asks."""

    INSPECTOR = "INSPECTOR"
    CLIENT = "CLIENT"
    PAYER = "PAYER"


INSPECTOR, CLIENT, PAYER = Scope


class ToyRefusal(Exception):
    """What this API refuses with: nothing of the server's."""

    code = "NO_PAINT"
    field: tuple[str, ...] | None = None
    retry_after_seconds: int | None = None

    def __init__(self, message: str, *, field: tuple[str, ...] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


@strawberry.interface(description="Anything with a global id.")
class Node:
    id: strawberry.ID = allow(*Scope, description="Its id.")


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    has_next_page: bool = allow(*Scope, description="Whether rows follow.")
    has_previous_page: bool = allow(*Scope, description="Whether rows come before.")
    start_cursor: str | None = allow(*Scope, description="The first row's cursor.")
    end_cursor: str | None = allow(*Scope, description="The last row's cursor.")


@strawberry.enum(description="How it feels.")
class Mood(Enum):
    CALM = strawberry.enum_value("CALM", description="At rest.")


@strawberry.type(description="A house.")
class House(Node):
    address: str = allow(INSPECTOR, CLIENT, description="Where it stands.")
    secret: str | None = allow(INSPECTOR, default=None, description="What only the company knows.")
    price: Decimal = allow(INSPECTOR, CLIENT, PAYER, default=Decimal("1.50"), description="What it costs.")

    @allow(INSPECTOR, CLIENT, PAYER, description="The houses beside it.")
    async def neighbours(self) -> list["House"]:
        return [House(id=strawberry.ID("n1"), address="2 Elm"), House(id=strawberry.ID("n2"), address="3 Elm")]

    @allow(INSPECTOR, description="What became of it.")
    async def history(self) -> list[str]:
        return ["built"]


@strawberry.type(description="A car.")
class Car(Node):
    plate: str = allow(PAYER, description="What is written on it.")


Thing = Annotated[House | Car, strawberry.union("Thing", description="A house or a car.")]


@strawberry.input(description="What to paint.")
class PaintInput:
    color: str = strawberry.field(description="With what color.")
    amount: Decimal | None = strawberry.field(default=None, description="For how much.")
    at: datetime | None = strawberry.field(default=None, description="When.")


ANN = "ann@example.com"
COUNTED: list[str] = []
STOPPED: list[str] = []


async def count_houses() -> int:
    COUNTED.append("houses")
    return 3


async def read_houses(
    first: First = None, after: After = None, last: Last = None, before: Before = None
) -> Page[House]:
    request = page_request(first=first, after=after, last=last, before=before)
    rows = [House(id=strawberry.ID(f"h{number}"), address=f"{number} Elm") for number in range(1, 4)][: request.size]
    cursors = [encode_cursor([row.id]) for row in rows]
    return Page(rows, cursors, has_next=request.size < 3, has_previous=False, count=count_houses)


MANY = [House(id=strawberry.ID(f"h{number}"), address=f"{number} Elm") for number in range(10_000)]


class NoPaint(ToyRefusal):
    code = "INVALID_INPUT"


@strawberry.type(description="One of many.")
class Brick:
    number: strawberry.Private[int]

    @allow(INSPECTOR, description="Fails for one of them.")
    def fragile(self) -> str:
        if self.number == 4_000:
            raise NoPaint("This brick broke.")
        return "whole"

    @allow(INSPECTOR, description="Takes a turn of the loop.")
    async def weight(self) -> int:
        await asyncio.sleep(0)
        return self.number


@strawberry.type(description="Many houses.")
class City:
    bricks: list[Brick] = allow(INSPECTOR, description="What it is built of.")
    houses: list[House] = allow(INSPECTOR, description="All of them.")


@strawberry.type(description="What can be read.")
class Query:
    @public(description="Answers.")
    def hello(self) -> str:
        return "world"

    @allow(INSPECTOR, CLIENT, description="One house.")
    async def house(self) -> House:
        return House(id=strawberry.ID("h1"), address="1 Elm", secret="gold")

    @allow(INSPECTOR, CLIENT, PAYER, description="Any node.")
    async def node(self, id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")]) -> Node | None:
        return House(id=id, address=f"{id} Elm")

    @allow(INSPECTOR, CLIENT, PAYER, description="Houses and cars.")
    async def things(self) -> list[Thing]:
        return [House(id=strawberry.ID("h1"), address="1 Elm"), Car(id=strawberry.ID("c1"), plate="XY 1")]

    houses = allow(
        INSPECTOR,
        resolver=read_houses,
        graphql_type=connection_of(House, INSPECTOR, page_info=PageInfo),
        description="All houses.",
    )

    @allow(INSPECTOR, description="Fails by accident.")
    def broken(self) -> str | None:
        raise RuntimeError("password=hunter2")

    @allow(INSPECTOR, description="Breaks a constraint.")
    async def duplicate(self) -> str | None:
        raise RuntimeError(f"duplicate key value\nDETAIL:  Key (email)=({ANN}) already exists.")

    @allow(INSPECTOR, description="Returns nothing where something must be.")
    async def missing(self) -> str:
        return None  # type: ignore[return-value]

    @allow(INSPECTOR, description="Takes long.")
    async def slow(self) -> str | None:
        try:
            await asyncio.sleep(5)
        except asyncio.CancelledError:
            STOPPED.append("slow")
            raise
        return None

    @allow(INSPECTOR, description="A city.")
    def city(self) -> City:
        return City(houses=MANY, bricks=[Brick(number=number) for number in range(5_000)])

    @allow(INSPECTOR, description="Refuses.")
    async def refusing(self) -> str | None:
        raise NoPaint("There is no paint left.", field=("input", "color"))

    @allow(INSPECTOR, description="Its currency.")
    def currency(self, mood: Annotated[Mood, strawberry.argument(description="In which mood.")]) -> CurrencyCode:
        return CurrencyCode("USD")


@strawberry.type(description="What can be changed.")
class Mutation:
    @allow(INSPECTOR, description="Paints.")
    async def paint(self, input: Annotated[PaintInput, strawberry.argument(description="How.")]) -> str:
        return input.color


@strawberry.type(description="What can be watched.")
class Subscription:
    @allow(INSPECTOR, is_subscription=True, description="Counts.")
    async def count(self) -> AsyncIterator[int]:
        yield 1

    @allow(INSPECTOR, CLIENT, description="One house, and again after each change.")
    async def house_changed(self, id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")]) -> House:
        return House(id=id, address=f"{id} Elm")


def fields_of(api: Api, name: str) -> dict[str, GraphQLField]:
    found = api.graphql_schema.type_map[name]
    assert isinstance(found, GraphQLObjectType | GraphQLInterfaceType)
    fields: dict[str, GraphQLField] = found.fields
    return fields


def toy_api() -> Api:
    return Api(Query, Mutation, Subscription, scopes=Scope, refusals=(ToyRefusal,), types=[House, Car])
