"""Many objects by their ids at once: in order, null where there is nothing to see."""

from uuid import uuid4

import models
from resolvers.global_ids import NODES
from rules.identifiers import global_id
from tests.world import Api, Job, Json, World

QUERY = """
    query Nodes($ids: [ID!]!) {
        nodes(ids: $ids) {
            __typename id
            ... on Inspection { number people { person { name } } }
            ... on Invoice { number payments { id } }
            ... on Person { name }
        }
    }
"""
IDS = "query Nodes($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"


async def read(api: Api, *ids: str, query: str = QUERY) -> list[Json | None]:
    found: list[Json | None] = (await api.read(query, ids=list(ids)))["nodes"]
    return found


async def everything(job: Job) -> dict[str, list[str]]:
    """All rows there are, as global ids by type."""
    return {name: [global_id(name, row.pk) for row in await getattr(models, name).all()] for name in NODES}


async def test_nodes_come_in_the_order_asked_with_what_is_selected(world: World) -> None:
    """Ids of several types, twice the same and some malformed, each get their own place in the answer."""
    job = await world.inspection()
    invoice, person = await job.invoice("40.00"), job.created["people"][1]["person"]
    unknown = global_id("Invoice", uuid4())
    ids = [invoice["id"], "nonsense", job.id, unknown, job.entry(), invoice["id"], person["id"], "", f"{job.id}\n"]
    found = await read(world.inspector, *ids)
    shown = {"__typename": "Invoice", "id": invoice["id"], "number": invoice["number"], "payments": []}
    people = [{"person": {"name": "Clara Client"}}, {"person": {"name": "Adam Agent"}}]
    assert found == [
        shown,
        None,
        {"__typename": "Inspection", "id": job.id, "number": job.created["number"], "people": people},
        None,
        {"__typename": "InspectionPerson", "id": job.entry()},
        shown,
        {"__typename": "Person", "id": person["id"], "name": "Adam Agent"},
        None,
        None,
    ]
    assert await read(world.inspector) == []


async def test_each_scope_sees_of_many_nodes_what_it_sees_of_one(world: World) -> None:
    """Whatever `node` refuses is null in `nodes`, for staff, clients, payers and strangers alike (S19)."""
    _, stranger = await world.new_company("Hillside Inspections", "owner@hillside.test")
    job = await world.inspection(agreementBody="We inspect what can be seen.")
    invoice = await job.invoice("40.00", send=True)
    payer, client = await job.payment_link(invoice["id"]), await job.client_portal()
    await job.paid(payer, invoice["id"])
    ids = [one for rows in (await everything(job)).values() for one in rows]
    seen = {}
    for name, api in {"staff": job.api, "client": client, "payer": payer, "stranger": stranger}.items():
        found = await read(api, *ids, query=IDS)
        single = [await api.run("query($id: ID!) { node(id: $id) { __typename id } }", id=one) for one in ids]
        assert found == [(answer.body["data"] or {}).get("node") for answer in single], name
        seen[name] = {one["__typename"] for one in found if one}
    assert seen["payer"] == {"Invoice", "InvoiceLine", "Payment"}
    assert "Email" not in seen["client"]
    assert seen["stranger"] == {"Company", "User"}, "its own alone"
    assert set((await world.anybody.run(IDS, ids=ids)).codes) == {"UNAUTHENTICATED"}


async def test_more_than_a_hundred_ids_are_refused(world: World) -> None:
    """A list that is too long is refused with its bound, and read not at all."""
    ids = [global_id("Invoice", uuid4()) for _ in range(101)]
    answer = await world.inspector.run(IDS, ids=ids)
    assert answer.codes == ["INVALID_INPUT"]
    assert answer.body["errors"][0]["message"] == "ids must have at most 100 entries."
    assert await read(world.inspector, *ids[:100]) == [None] * 100
    assert await models.Invoice.all().count() == 0
