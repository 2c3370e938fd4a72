"""The catalogue of services, and charges that are taken from it."""

import pytest

from tests.api.expectations import nothing_changes
from tests.world import Json, World

CHARGE = "lineItem { kind description amount { amount } }"


async def service(world: World, **given: str) -> str:
    entry = {"name": "Radon test", "amount": "150.00", "kind": "ADD_ON", **given}
    return str((await world.inspector.mutate("createService", "service { id }", **entry)).done("service")["id"])


def charged(kind: str, description: str, amount: str) -> Json:
    return {"kind": kind, "description": description, "amount": {"amount": amount}}


async def test_catalogue_lists_what_the_company_offers_by_name(world: World) -> None:
    """Staff see the services of their company with their prices, and no other company's (S61)."""
    await service(world)
    await service(world, name="Mold test", amount="99.50", kind="SERVICE", description="Two samples.")
    _, stranger = await world.new_company("Hillside Inspections", "owner@hillside.test")
    query = "{ services { name description kind amount { formatted } active } }"
    assert (await world.inspector.read(query))["services"] == [
        {"name": "Mold test", "description": "Two samples.", "kind": "SERVICE", "amount": {"formatted": "$99.50"}}
        | {"active": True},
        {"name": "Radon test", "description": "", "kind": "ADD_ON", "amount": {"formatted": "$150.00"}, "active": True},
    ]
    assert (await stranger.read(query))["services"] == []


async def test_charge_is_copied_from_the_catalogue_and_keeps_its_copy(world: World) -> None:
    """What is charged stays, whatever becomes of the service (S61)."""
    job = await world.inspection()
    service_id = await service(world)
    given = {"inspectionId": job.id, "serviceId": service_id, "updateAgreements": False}
    added = (await world.inspector.mutate("addLineItem", f"lineItem {{ id }} {CHARGE}", **given)).done("lineItem")
    line_item_id = added.pop("id")
    assert added == charged("ADD_ON", "Radon test", "150.00")
    changed = await world.inspector.mutate(
        "updateService", "service { name }", serviceId=service_id, name="Radon, 48 hours", amount="175.00"
    )
    assert changed.done("service") == {"name": "Radon, 48 hours"}
    node = f'{{ node(id: "{line_item_id}") {{ ... on LineItem {{ kind description amount {{ amount }} }} }} }}'
    assert (await world.inspector.read(node))["node"] == charged("ADD_ON", "Radon test", "150.00")


async def test_what_is_given_takes_the_place_of_the_catalogues(world: World) -> None:
    """A price can be another for once, also in a new inspection (S61)."""
    service_id = await service(world)
    people = [{"personId": await world.person(), "role": "CLIENT"}]
    created = await world.inspector.mutate(
        "createInspection",
        "inspection { lineItems { kind description amount { amount } } }",
        propertyAddress="1 New Road",
        scheduledAt="2026-11-23T15:00:00Z",
        people=people,
        lineItems=[
            {"serviceId": service_id},
            {"serviceId": service_id, "description": "Radon, once more", "amount": "90"},
        ],
    )
    assert created.done("inspection")["lineItems"] == [
        charged("ADD_ON", "Radon test", "150.00"),
        charged("ADD_ON", "Radon, once more", "90.00"),
    ]


@pytest.mark.parametrize("given", [{}, {"amount": "10.00"}, {"kind": "FEE", "description": "Radon"}])
async def test_charge_without_a_service_says_what_is_missing(world: World, given: Json) -> None:
    """Every field that nobody gave is named, at once (S61)."""
    job = await world.inspection()
    async with nothing_changes(world):
        refused = await world.inspector.mutate("addLineItem", inspectionId=job.id, updateAgreements=False, **given)
    missing = [name for name in ("kind", "description", "amount") if name not in given]
    assert refused.fields == [[name] for name in missing]
    assert refused.messages == [f"{name} must be given, unless serviceId is." for name in missing]


async def test_what_is_not_offered_any_more_is_not_charged(world: World) -> None:
    """Nor is what another company offers (S61)."""
    job = await world.inspection()
    service_id = await service(world)
    (await world.inspector.mutate("updateService", "service { id }", serviceId=service_id, active=False)).done(
        "service"
    )
    _, stranger = await world.new_company("Hillside Inspections", "owner@hillside.test")
    entry = {"name": "Radon test", "amount": "150.00"}
    foreign = (await stranger.mutate("createService", "service { id }", **entry)).done("service")["id"]
    for unknown in (service_id, foreign):
        given = {"inspectionId": job.id, "serviceId": unknown, "updateAgreements": False}
        refused = await world.inspector.mutate("addLineItem", **given)
        assert (refused.codes, refused.fields) == (["NOT_FOUND"], [["serviceId"]])


async def test_a_name_stands_once_in_a_catalogue(world: World) -> None:
    """Two services of one name could not be told apart (S61)."""
    await service(world)
    refused = await world.inspector.mutate("createService", name="Radon test", amount="1.00")
    assert (refused.codes, refused.fields) == (["ALREADY_EXISTS"], [["name"]])
