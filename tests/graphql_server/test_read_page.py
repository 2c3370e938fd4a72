"""Pages read from PostgreSQL: every row once, in order, whichever way and size they are turned."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from tortoise.context import TortoiseContext

from graphql_server.paging import InvalidPage, Page, PageRequest, encode_cursor, read_page
from sandbox import postgres
from tests.graphql_server.listed import Listed

ORDER = [("-rank", int), ("name", str), ("id", UUID)]
ROWS = 23


@pytest.fixture(scope="module")
async def table(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[None]:
    """Twenty-three rows, five of them at each rank, two by each name."""
    with postgres.running(tmp_path_factory.mktemp("paging"), durable=False) as url:
        # A context of its own: the session's must stay as it is.
        async with TortoiseContext() as context:
            await context.init(db_url=url, modules={"listed": ["tests.graphql_server.listed"]})
            await context.generate_schemas()
            await Listed.bulk_create(
                Listed(id=UUID(int=number * 7919 % 101), rank=number // 5, name=f"n{number % 5 // 2}")
                for number in range(ROWS)
            )
            yield


async def everything() -> list[Listed]:
    return await Listed.all().order_by("-rank", "name", "id")


async def page(request: PageRequest) -> Page[Listed]:
    return await read_page(Listed.all(), request, order=ORDER)


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize("size", [1, 2, 7, 22, 23, 24])
async def test_pages_forwards_hold_every_row_once(size: int) -> None:
    found: list[Listed] = []
    after = None
    while True:
        turned = await page(PageRequest(size, after=after))
        assert turned.has_previous is (after is not None)
        found += turned.rows
        if not turned.has_next:
            break
        assert len(turned.rows) == size
        after = turned.page_info.end_cursor
    assert found == await everything()


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize("size", [1, 2, 7, 22, 23, 24])
async def test_pages_backwards_hold_every_row_once(size: int) -> None:
    found: list[Listed] = []
    before = None
    while True:
        turned = await page(PageRequest(size, backwards=True, before=before))
        assert turned.has_next is (before is not None)
        found = [*turned.rows, *found]
        if not turned.has_previous:
            break
        before = turned.page_info.start_cursor
    assert found == await everything()


@pytest.mark.usefixtures("table")
async def test_a_page_lies_between_its_cursors() -> None:
    rows = await everything()
    cursors = (await page(PageRequest(100))).cursors
    between = await page(PageRequest(100, after=cursors[3], before=cursors[9]))
    assert between.rows == rows[4:9]
    assert [edge.node for edge in between.edges] == rows[4:9]


@pytest.mark.usefixtures("table")
async def test_the_count_is_of_the_whole_list() -> None:
    assert await (await page(PageRequest(2))).total_count == ROWS


@pytest.mark.usefixtures("table")
async def test_no_rows_make_an_empty_page() -> None:
    empty = await read_page(Listed.filter(rank=99), PageRequest(5), order=ORDER)
    assert (empty.rows, empty.page_info.start_cursor, empty.has_next, empty.has_previous) == ([], None, False, False)


@pytest.mark.usefixtures("table")
async def test_a_cursor_of_another_list_is_refused() -> None:
    with pytest.raises(InvalidPage):
        await page(PageRequest(5, after=encode_cursor(["n0", 1, "x"])))
