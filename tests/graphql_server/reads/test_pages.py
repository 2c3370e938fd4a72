"""Pages: both ways through a list, and at the same cost at any depth of it."""

from typing import Any

import asyncpg
import pytest

from graphql_server.reads import Request
from tests.graphql_server.reads.oracle import Asking
from tests.graphql_server.reads.shop import Shop

PAGE = """query ($first: Int, $after: String, $last: Int, $before: String, $by: OrderBy) {
  orders(first: $first, after: $after, last: $last, before: $before, orderBy: $by) {
    edges { cursor node { id number } }
    nodes { id }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    totalCount
  }
}"""


@pytest.mark.parametrize("by", ["PLACED_ASC", "PLACED_DESC", "NUMBER"])
async def test_pages_forwards_and_backwards_make_up_the_list(shop: Shop, by: str) -> None:
    """Going through a list in either direction meets every row once, in order, and ends where it says it ends."""
    forwards: list[str] = []
    cursor, more = None, True
    while more:
        page = await _page(shop, first=5, after=cursor, by=by)
        forwards += [node["id"] for node in page["nodes"]]
        cursor, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    backwards: list[str] = []
    cursor, more = None, True
    while more:
        page = await _page(shop, last=7, before=cursor, by=by)
        backwards = [node["id"] for node in page["nodes"]] + backwards
        cursor, more = page["pageInfo"]["startCursor"], page["pageInfo"]["hasPreviousPage"]
    assert forwards == backwards
    assert len(forwards) == len(set(forwards)) == page["totalCount"] == 12


async def _page(shop: Shop, **variables: Any) -> Any:
    found = await shop.ask(PAGE, **variables)
    assert isinstance(found.data, dict)
    assert found.errors == []
    return found.data["orders"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("first: 1, last: 1", "Ask for first or for last, not for both."),
        ("last: 11", "last is a number from 1 to 10; it was 11."),
        ('after: "bm9uZQ"', "after is not a cursor of this list; send one that it returned."),
        ('before: "é"', "before is not a cursor of this list; send one that it returned."),
        (f'before: "{"x" * 3000}"', "before is not a cursor of this list; send one that it returned."),
    ],
)
async def test_arguments_of_a_page_are_refused_by_name(shop: Shop, arguments: str, sentence: str) -> None:
    """What cannot be used is told, with the name of the argument."""
    found = await shop.ask(f"{{ orders({arguments}) {{ totalCount }} }}")
    assert found.errors == [(("orders",), sentence)]


async def test_a_page_is_sought_by_comparing_rows(shop: Shop, bookshop_url: str) -> None:
    """PostgreSQL goes to the place in the index: the cursor is a condition of the index, not a filter."""
    first = await _page(shop, first=5, by="PLACED_DESC")
    source = "query ($after: String) { orders(first: 5, after: $after) { nodes { id } } }"
    request = shop.request(source, after=first["pageInfo"]["endCursor"])
    plan = await _explain(shop, bookshop_url, request, shop.callers()[0])
    assert "ROW(" in next(line for line in plan if "Index Cond" in line and "placed_at" in line)


async def test_a_list_that_is_divided_reads_on_like_any_other(shop: Shop) -> None:
    """Conditions that exclude each other are read each by itself, and together they are one list."""
    source = """query ($statuses: [Status!], $after: String) {
      orders(first: 10) { nodes { reader { orderPages(first: 1, statuses: $statuses, after: $after) {
        nodes { number } totalCount pageInfo { hasNextPage endCursor } } } } } }"""
    assert "union all" in shop.request(source, statuses=["OPEN", "PAID"]).plan.sql
    found: list[str] = []
    cursor, more = None, True
    while more:
        answer = await shop.ask(source, statuses=["OPEN", "PAID", "OPEN"], after=cursor)
        assert isinstance(answer.data, dict)
        readers = [order["reader"] for order in answer.data["orders"]["nodes"] if order["reader"]]
        page = max((reader["orderPages"] for reader in readers), key=lambda page: page["totalCount"])
        found += [node["number"] for node in page["nodes"]]
        cursor, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert found == sorted(set(found))
    assert len(found) == page["totalCount"] > 1


async def test_the_whole_list_is_counted_only_when_asked(shop: Shop) -> None:
    """Without totalCount, no statement counts."""
    assert "count(*)" not in shop.request("{ orders(first: 5) { nodes { id } } }").plan.sql
    assert "count(*)" in shop.request("{ orders(first: 5) { totalCount } }").plan.sql


async def _explain(shop: Shop, url: str, request: Request, asking: Asking) -> list[str]:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("set enable_seqscan = off; set enable_sort = off")
        await connection.execute("create index if not exists by_placed on orders (shop_id, placed_at, id)")
        found = await connection.fetch(f"explain {request.plan.sql}", *request.values(shop.credentials(asking)))
    finally:
        await connection.close()
    return [row[0] for row in found]
