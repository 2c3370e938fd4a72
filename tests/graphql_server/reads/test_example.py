"""The worked example of docs/reads.md is what happens."""

import re
from pathlib import Path
from uuid import UUID

from graphql_server.reads import answer
from tests.graphql_server.reads.oracle import Asking
from tests.graphql_server.reads.shop import Shop

DOCS = Path(__file__).resolve().parents[3] / "docs" / "reads.md"


async def test_the_example_in_the_documentation_is_what_happens(shop: Shop) -> None:
    """Its document gives its statement, and its statement its answer."""
    blocks = dict(re.findall(r"```(graphql|sql|json)\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL))
    asking = Asking("STAFF", UUID(int=1))
    request = shop.request(blocks["graphql"], asking, id=shop.id_of("Order", UUID(int=2)))
    assert _without_spaces(request.plan.sql.replace("\x01", "␁")) == _without_spaces(blocks["sql"])
    found = await answer(request, shop.pool, shop.credentials(asking))
    assert (found.data, list(found.errors)) == (blocks["json"].strip(), [])


def _without_spaces(text: str) -> str:
    return re.sub(r"\s+", "", text)
