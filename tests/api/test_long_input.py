"""Text that is longer than anything it could mean: refused by name or found nowhere, and never a fault of ours."""

import pytest

from tests.api.expectations import nothing_changes
from tests.world import World

LISTS = {
    "inspections": ("inspections(filter: {search: $text})", ["filter", "search"]),
    "invoices": ("invoices(filter: {search: $text})", ["filter", "search"]),
    "payments": ("payments(filter: {payerName: $text})", ["filter", "payerName"]),
    "people": ("people(search: $text)", ["search"]),
    "emails": ("emails(filter: {to: $text})", ["filter", "to"]),
}


@pytest.mark.parametrize("name", LISTS)
async def test_a_list_is_searched_for_what_somebody_may_type(world: World, name: str) -> None:
    """Up to 254 characters are looked for; more is refused, naming the filter, in whatever column it is sought."""
    selection, field = LISTS[name]
    query = f"query($text: String!) {{ {selection} {{ nodes {{ id }} }} }}"
    for length in (1, 32, 33, 40, 41, 200, 201, 254):
        assert await world.inspector.read(query, text="y" * length) == {name: {"nodes": []}}
    for length in (255, 100_000):
        async with nothing_changes(world):
            answer = await world.inspector.run(query, text="y" * length)
        (error,) = answer.body["errors"]
        assert error["message"] == f"{field[-1]} must have at most 254 characters."
        assert error["extensions"] == {"code": "INVALID_INPUT", "field": field}


async def test_a_long_address_is_found_by_itself(world: World) -> None:
    """A search text that is longer than a number is still looked for in addresses and names."""
    job = await world.inspection(propertyAddress="12 Shore Road, the house behind the old mill, Lakeside")
    query = "query($text: String!) { inspections(filter: {search: $text}) { nodes { id } } }"
    found = await world.inspector.read(query, text="the house behind the old mill, Lakeside")
    assert found == {"inspections": {"nodes": [{"id": job.id}]}}
