"""A bookshop with a database of its own, on the PostgreSQL that all tests of a run share."""

from collections.abc import AsyncIterator

import pytest

from graphql_server.reads import Pool, PoolOptions, Reads
from sandbox import postgres
from tests.graphql_server.reads.bookshop import DECLARATIONS, bookshop_schema
from tests.graphql_server.reads.bookshop_tables import Shopkeeper, create_tables
from tests.graphql_server.reads.oracle import Oracle
from tests.graphql_server.reads.shop import Shop
from tests.sandbox_servers import shared_directory

SEED = 20_260_301


@pytest.fixture(scope="session")
async def bookshop_url(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> AsyncIterator[str]:
    """The address of the bookshop's database, which holds the rows of `SEED`."""
    with postgres.running(shared_directory(tmp_path_factory) / "postgres", durable=False) as url:
        address = postgres.create_database(url, f"bookshop_{worker_id}")
        await create_tables(address, Shopkeeper(SEED).stock())
        yield address


@pytest.fixture(scope="session")
async def shop(bookshop_url: str) -> AsyncIterator[Shop]:
    """The bookshop, which nobody changes."""
    rows = Shopkeeper(SEED).stock()
    async with Pool(bookshop_url, PoolOptions(size=2)) as pool:
        yield Shop(rows, pool, Reads(bookshop_schema(), DECLARATIONS), Oracle(rows))
