"""Whose rows are whose: what is not yours answers as what does not exist, and no relation leads to it."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, get_named_type

import models
from app.resources import Resources
from app.settings import Settings
from graphql_server.access import may_read
from operations.messages.base_automations import unchanged
from resolvers.global_ids import NODES as NODE_TYPES
from rules.access import Scope
from rules.automations import TRIGGERS
from rules.identifiers import global_id, new_id
from rules.states import InvoiceKind, PaymentState
from schema.root import build_api
from tests.api.expectations import nothing_changes
from tests.api.mutation_inputs import working_input
from tests.api.rich_world import RichWorld, rich_inspection
from tests.sandbox_servers import Servers
from tests.world import World, key_of

SCHEMA = build_api().graphql_schema
NODES: dict[str, type[models.Row]] = {name: getattr(models, name) for name in NODE_TYPES}
OF_THE_COMPANY = ("Automation", "Service", "User")
TYPE_OF_INPUT = {"inspectorId": "User", "lineItemIds": "LineItem"}
INSTEAD_OF = {
    "personId": "email",
    "lineItemIds": "fixedAmount",
    "inspectionId": "invoiceId",
    "invoiceId": "inspectionId",
}
"""Of which other input a given one takes the place."""

OF_STAFF = ("Email", "Event", *OF_THE_COMPANY)
MOVED_MONEY = {PaymentState.PROCESSING, PaymentState.SUCCEEDED, PaymentState.RECORDED}


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Two companies; the first with two inspections. Everything has happened to each of the three."""

    own: RichWorld
    sibling: RichWorld
    foreign: RichWorld


@pytest.fixture(scope="module")
async def neighbours(servers: Servers, settings: Settings, held: Resources) -> AsyncIterator[Neighbours]:
    async with World.begun(servers, settings, held) as world:
        _, stranger = await world.new_company("Hillside Inspections", "owner@hillside.test")
        yield Neighbours(
            await rich_inspection(world, world.inspector),
            await rich_inspection(world, world.inspector),
            await rich_inspection(world, stranger),
        )


async def rows_of(rich: RichWorld) -> dict[str, list[Any]]:
    """Every row of the inspection, by its type; of its company and people those that it names."""
    key = key_of(rich.job.id)
    found: dict[str, list[Any]] = {
        name: await model.filter(inspection_id=key)
        for name, model in NODES.items()
        if "inspection_id" in model._meta.fields_map
    }
    found["Inspection"] = [inspection := await models.Inspection.get(id=key)]
    found["Company"] = await models.Company.filter(id=inspection.company_id)
    for name in OF_THE_COMPANY:
        found[name] = await NODES[name].filter(company_id=inspection.company_id)
    stored = {row.trigger for row in found["Automation"]}
    declared = (unchanged(inspection.company_id, trigger) for trigger in TRIGGERS if trigger not in stored)
    found["Automation"] += declared  # They have an id, and as yet no row.
    found["Person"] = await models.Person.filter(id__in=[entry.person_id for entry in found["InspectionPerson"]])
    found["InvoiceLine"] = await models.InvoiceLine.filter(invoice_id__in=[row.id for row in found["Invoice"]])
    found["Refund"] = await models.Refund.filter(payment_id__in=[row.id for row in found["Payment"]])
    assert found.keys() == NODES.keys()
    assert [name for name, rows in found.items() if not rows] == []
    return found


async def visible_ids(rich: RichWorld, scope: Scope) -> set[str]:
    """What the scope sees of its own inspection, told here once more and in other words than in models.visible."""
    rows = await rows_of(rich)
    invoices = {row.id: row for row in rows["Invoice"]}
    payments = {row.id: row for row in rows["Payment"]}

    def sees(name: str, row: Any) -> bool:
        if scope is Scope.INSPECTOR:
            return True
        payment = row if name == "Payment" else payments.get(getattr(row, "payment_id", None))
        invoice = row if name == "Invoice" else invoices.get(getattr(payment or row, "invoice_id", None))
        if scope is Scope.PAYER:
            of_an_invoice = name in ("Invoice", "InvoiceLine", "Payment", "Refund")
            return of_an_invoice and invoice is not None and invoice.id == key_of(rich.invoice_id)
        if payment is not None and invoice is not None:
            return invoice.kind is InvoiceKind.PRIMARY or payment.state in MOVED_MONEY
        return row.kind is models.GrantKind.CLIENT_PORTAL if name == "Grant" else name not in OF_STAFF

    return {global_id(name, row.id) for name, found in rows.items() for row in found if sees(name, row)}


async def all_ids(*inspections: RichWorld) -> list[str]:
    """The global id of every row of these inspections."""
    found = [await rows_of(rich) for rich in inspections]
    return list(dict.fromkeys(global_id(name, row.id) for rows in found for name in rows for row in rows[name]))


def absent(id_of_a_row: str) -> str:
    """An id of the same type that nobody has."""
    return global_id(type_of(id_of_a_row), new_id())


def type_of(id_of_a_row: str) -> str:
    return next(name for name in NODES if global_id(name, key_of(id_of_a_row)) == id_of_a_row)


NODE = "query($id: ID!) { node(id: $id) { __typename id } }"
ROOTS = {
    "Inspection": ("query($id: ID!) { inspection(id: $id) { id } }", (Scope.INSPECTOR, Scope.CLIENT)),
    "Invoice": ("query($id: ID!) { invoice(id: $id) { id } }", tuple(Scope)),
}


@pytest.mark.parametrize("scope", Scope)
async def test_an_id_opens_what_is_visible_and_nothing_else(neighbours: Neighbours, scope: Scope) -> None:
    """A global id opens what its scope may see, and nothing else (S18, S19)."""
    own, api = neighbours.own, neighbours.own.apis[scope]
    visible = await visible_ids(own, scope)
    if scope is Scope.INSPECTOR:
        visible |= set(await all_ids(neighbours.sibling))
    opened, hidden = set(), 0
    async with nothing_changes(own.world):
        for row in await all_ids(own, neighbours.sibling, neighbours.foreign):
            answer = await api.run(NODE, id=row)
            if row in visible:
                opened.add(answer.data["node"]["id"])
                assert answer.data["node"]["__typename"] == type_of(row)
                continue
            hidden += 1
            nobodys = await api.run(NODE, id=absent(row))
            assert answer == nobodys, type_of(row)
            assert (answer.codes, answer.body["data"]) == (["NOT_FOUND"], {"node": None})
    assert opened == visible
    assert hidden > 30


@pytest.mark.parametrize("scope", Scope)
async def test_the_roots_open_nothing_that_is_somebody_elses(neighbours: Neighbours, scope: Scope) -> None:
    """No root field opens what is somebody else's (S18, S19)."""
    own, api = neighbours.own, neighbours.own.apis[scope]
    strangers = [neighbours.foreign] if scope is Scope.INSPECTOR else [neighbours.sibling, neighbours.foreign]
    for type_name, (query, scopes) in ROOTS.items():
        if scope not in scopes:
            continue
        hidden = {global_id(type_name, row.id) for rich in strangers for row in (await rows_of(rich))[type_name]}
        hidden |= {row for row in await all_ids(own) if type_of(row) == type_name} - await visible_ids(own, scope)
        assert hidden
        for row in hidden:
            answer = await api.run(query, id=row)
            assert answer.codes == ["NOT_FOUND"]
            assert answer == await api.run(query, id=absent(row))


RELATIONS = (
    "id company { id } people { id person { id } } lineItems { id } agreements { id } grants { id }",
    "payments { id invoice { id payments { id } } refunds { id } } primaryInvoice { id inspection { id } }",
    "invoices { id billedTo { id person { id } } lines { id lineItem { id } } inspection { id invoices { id } } }",
    "invoices { id payments { id refunds { id } invoice { id lines { id } payments { id } } } }",
)
RELATIONS_OF_STAFF = (*RELATIONS, "inspector { id } company { users { id } } emails { id } events { id }")


def ids_in(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for inner in value:
            yield from ids_in(inner)
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from [inner] if name == "id" else ids_in(inner)


async def test_a_clients_relations_lead_to_what_is_visible_and_nothing_else(neighbours: Neighbours) -> None:
    """A client's relations lead to what a client may see, and nowhere else (S18, S21)."""
    own = neighbours.own
    way = "{ viewer { ... on ClientViewer { person { id } inspection { %s } } } }"
    seen = [await own.apis[Scope.CLIENT].read(way % relations) for relations in RELATIONS]
    assert set(ids_in(seen)) == await visible_ids(own, Scope.CLIENT)


async def test_a_payers_relations_lead_to_their_invoice_and_nothing_else(neighbours: Neighbours) -> None:
    """A payer's relations lead to their invoice's own rows, and nowhere else (S17, S19, S23)."""
    own = neighbours.own
    seen = await own.apis[Scope.PAYER].read(
        "{ viewer { ... on PayerViewer { invoice { id lines { id } payments { id refunds { id }"
        " invoice { id lines { id } payments { id invoice { id payments { id } } } } } } } } }"
    )
    assert set(ids_in(seen)) == await visible_ids(own, Scope.PAYER)


async def test_an_inspectors_relations_lead_to_all_of_it(neighbours: Neighbours) -> None:
    """An inspector's relations lead to every row of an inspection (S27, S31)."""
    own = neighbours.own
    way = "query($id: ID!) { inspection(id: $id) { %s } }"
    seen = [await own.apis[Scope.INSPECTOR].read(way % relations, id=own.job.id) for relations in RELATIONS_OF_STAFF]
    seen.append(await own.apis[Scope.INSPECTOR].read("{ automations { id } services { id } }"))
    assert set(ids_in(seen)) == set(await all_ids(own))


@pytest.mark.parametrize(
    ("field", "model"),
    [
        ("inspections", models.Inspection),
        ("people", models.Person),
        ("invoices", models.Invoice),
        ("payments", models.Payment),
        ("emails", models.Email),
    ],
)
async def test_lists_hold_rows_of_the_own_company_alone(
    neighbours: Neighbours, field: str, model: type[models.Row]
) -> None:
    for rich in (neighbours.own, neighbours.foreign):
        company = (await models.Inspection.get(id=key_of(rich.job.id))).company_id
        seen = await rich.apis[Scope.INSPECTOR].read(
            f"{{ {field} {{ totalCount nodes {{ id }} edges {{ node {{ id }} }} }} }}"
        )
        expected = {global_id(model.__name__, row.id) for row in await model.filter(company_id=company)}
        assert set(ids_in(seen)) == expected
        assert seen[field]["totalCount"] == len(expected)


async def test_a_search_finds_nobody_of_another_company(neighbours: Neighbours) -> None:
    foreign = (await rows_of(neighbours.foreign))["Person"][0]
    seen = await neighbours.own.apis[Scope.INSPECTOR].read(
        "query($text: String) { people(search: $text) { totalCount nodes { id } } }", text=foreign.email
    )
    assert seen["people"] == {"totalCount": 0, "nodes": []}


def id_inputs() -> Iterator[tuple[str, str, Scope]]:
    """Every mutation with each id that it takes, and who may run it."""
    assert SCHEMA.mutation_type is not None
    for name, field in SCHEMA.mutation_type.fields.items():
        takes = get_named_type(field.args["input"].type)
        assert isinstance(takes, GraphQLInputObjectType)
        ids = [given for given, kind in takes.fields.items() if get_named_type(kind.type).name == "ID"]
        ids = [given for given in ids if given not in OF_ONES_OWN]
        yield from ((name, given, scope) for given in ids for scope in Scope if may_read(field, scope))


OF_ONES_OWN = ("sessionId",)
"""What belongs to one staff member, and not to a company's inspections: tests/api/test_staff.py tries strangers."""


WITHIN_ONE_INSPECTION = {("addInvoice", "inspectionPersonId"), ("addInvoice", "lineItemIds")}
WITHIN_ONE_INSPECTION |= {("updateInvoice", field) for _, field in WITHIN_ONE_INSPECTION}
"""Where another inspection of the same company is as foreign to an inspector as another company's."""


@pytest.mark.parametrize(("name", "field", "scope"), list(id_inputs()))
async def test_a_mutation_finds_nothing_of_somebody_elses(
    neighbours: Neighbours, name: str, field: str, scope: Scope
) -> None:
    """Another company's row, a row of another inspection where that is not the caller's, no row, and no id."""
    type_name = TYPE_OF_INPUT.get(field, field[0].upper() + field[1:].removesuffix("Id"))
    other_type = "Person" if type_name != "Person" else "User"
    api, given = await working_input(neighbours.own, name, scope)
    given.pop(INSTEAD_OF.get(field, ""), None)
    strangers = [neighbours.foreign]
    if scope is not Scope.INSPECTOR or (name, field) in WITHIN_ONE_INSPECTION:
        strangers.append(neighbours.sibling)
    rows = [global_id(type_name, row.id) for rich in strangers for row in (await rows_of(rich))[type_name]]
    answers = []
    async with nothing_changes(neighbours.own.world):
        for row in [global_id(type_name, new_id()), global_id(other_type, key_of(rows[0])), *rows, "nonsense", ""]:
            payload = await api.mutate(name, **{**given, field: [row] if field.endswith("s") else row})
            answers.append(payload.content["userErrors"])
    path = [field, "0"] if field.endswith("s") else [field]
    not_found = {"code": "NOT_FOUND", "message": f"{type_name} not found.", "field": path}
    assert answers == [[not_found]] * len(answers)
    assert len(rows) > 0


async def test_nobody_of_another_company_comes_into_a_people_box(neighbours: Neighbours) -> None:
    """Nobody of another company comes into a People box (S7)."""
    own = neighbours.own
    api, given = await working_input(own, "createInspection", Scope.INSPECTOR)
    foreign = (await rows_of(neighbours.foreign))["Person"][0]
    for person in (global_id("Person", foreign.id), global_id("Person", new_id()), "nonsense"):
        async with nothing_changes(own.world):
            people = [*given["people"], {"personId": person, "role": "BUYERS_AGENT"}]
            refused = await api.mutate("createInspection", **{**given, "people": people})
        assert (refused.codes, refused.fields) == (["NOT_FOUND"], [["people", "1", "personId"]])


async def test_a_payer_pays_and_cancels_nothing_of_a_sibling_invoice(neighbours: Neighbours) -> None:
    """A payer neither pays nor cancels anything on another invoice of the same inspection (S18, S19)."""
    own = neighbours.own
    job = await own.world.inspection(people=(("Clara", "CLIENT"), ("Adam", "BUYERS_AGENT"), ("Lisa", "LISTING_AGENT")))
    adams = await job.invoice("100.00")
    lisas = await job.invoice("100.00", inspectionPersonId=job.entry("LISTING_AGENT"))
    adam, lisa = await job.payment_link(adams["id"]), await job.payment_link(lisas["id"])
    client = await job.client_portal()
    started = (await lisa.mutate("startPayment", "payment { id }", invoiceId=lisas["id"])).done("payment")
    clients = (await client.mutate("startPayment", "payment { id }", invoiceId=job.primary_id)).done("payment")
    async with nothing_changes(own.world):
        for invoice in (lisas["id"], job.primary_id):
            assert (await adam.mutate("startPayment", invoiceId=invoice)).codes == ["NOT_FOUND"]
        assert (await client.mutate("startPayment", invoiceId=lisas["id"])).codes == ["INVOICE_NOT_PAYABLE"]
        for api, payment in ((adam, started), (adam, clients), (client, started), (lisa, clients)):
            refused = await api.mutate("cancelPayment", "payment { id status }", paymentId=payment["id"])
            assert (refused.codes, refused.content["payment"]) == (["NOT_FOUND"], None)
