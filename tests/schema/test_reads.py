"""What PostgreSQL writes equals what graphql-core answers over the ORM; and the comparison notices what it must."""

import os
from collections.abc import AsyncIterator

import pytest

from app.resources import Resources
from app.settings import Settings
from tests.sandbox_servers import Servers
from tests.schema.comparison import Comparison, comparison

FIRST_SEED = int(os.environ.get("READS_SEED", "0"))
DOCUMENTS = int(os.environ.get("READS_DOCUMENTS", "60"))
SEEDS = range(FIRST_SEED, FIRST_SEED + DOCUMENTS)

NODE = "query($id: ID!) { node(id: $id) { __typename id } }"


@pytest.fixture(scope="module")
async def compared(servers: Servers, settings: Settings, held: Resources) -> AsyncIterator[Comparison]:
    """One world for all of this module, which nobody changes."""
    async with comparison(servers, settings, held) as made:
        yield made


async def test_random_documents_are_answered_as_graphql_core_does(compared: Comparison) -> None:
    """Data, the order of its fields, and errors with their paths, for everybody who may ask."""
    callers = list(compared.principals)
    for seed in SEEDS:
        who = callers[seed % len(callers)]
        generated = compared.random_document(seed, who)
        if generated is None:
            continue
        problem = await compared.differs(generated.source, who, generated.variables)
        assert problem is None, f"seed {seed}, {who}:\n{generated.source}\n{generated.variables}\n{problem}"
