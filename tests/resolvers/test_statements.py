"""How many SQL statements an operation costs: bounded, declared, and the same for five rows as for fifty."""

import random
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    parse,
)

from graphql_server.access import metadata_of
from graphql_server.statements import STATEMENTS_MAX, count_statements
from schema.root import build_api
from tests.resolvers.statements import counted
from tests.world import Api, Job, World

BOX = """
    query Box($id: ID!) {
        inspection(id: $id) {
            number total { formatted } settled { formatted } remaining { formatted } paymentStatus
            people { role person { name email } }
            lineItems { description amount { formatted } }
            invoices {
                number status total { formatted }
                lines { description amount { formatted } }
                payments { status payerName amount { formatted } }
            }
        }
    }
"""
PAGE = """
    query Page($first: Int!) {
        inspections(first: $first) {
            nodes {
                number remaining { formatted } paymentStatus
                people { role person { name } }
                invoices { number status remaining { formatted } }
            }
            totalCount
        }
    }
"""
PAYER = """
    { viewer { ... on PayerViewer { invoice {
        number companyName propertyAddress total { formatted } remaining { formatted }
        lines { description amount { formatted } }
        payments { status amount { formatted } refunds { amount { formatted } } }
    } } } }
"""
WHOLE_BOX = """
    query Everything($id: ID!) {
        inspection(id: $id) {
            number paymentStatus total { formatted } company { name currency } inspector { name }
            people { roleName person { name email phone } }
            lineItems { description amount { formatted } }
            primaryInvoice { ...Invoice }
            invoices { ...Invoice }
            payments { ...Payment }
            invoicing {
                available invoiceable { formatted } refusal { message }
                people { id } services { lineItem { description } invoiceable { formatted } }
            }
            agreements { version body } report { locked url }
            grants { personName kind } emails { subject status } events { name }
        }
    }
    fragment Invoice on Invoice {
        number status total { formatted } remaining { formatted }
        billedTo { roleName person { name } }
        lines { description amount { formatted } }
        payments { ...Payment }
        emails { subject status }
    }
    fragment Payment on Payment {
        status payerName amount { formatted } refundable { formatted }
        refunds { amount { formatted } status }
    }
"""


async def cost(api: Api, query: str, **variables: Any) -> int:
    """How many statements the operation takes, looking up who asks included."""
    with counted() as sent:
        await api.read(query, **variables)
    return len(sent)


async def busy_inspection(world: World, invoices: int) -> Job:
    """An inspection with that many separate invoices, some of them paid, and as many people and charges."""
    people = [("Clara Client", "CLIENT"), *((f"Agent {n}", "BUYERS_AGENT") for n in range(invoices))]
    job = await world.inspection(*["100.00"] * (invoices + 1), people=tuple(people))
    for number in range(invoices):
        invoice = await job.invoice("100.00", inspectionPersonId=job.created["people"][number + 1]["id"])
        if number % 2:
            given = {"invoiceId": invoice["id"], "amount": "40.00", "method": "CASH"}
            (await world.inspector.mutate("recordPayment", "payment { id }", **given)).done("payment")
    return job


async def test_one_inspection_costs_the_same_whatever_its_size(world: World) -> None:
    """Reading an inspection takes the same number of statements, whatever its size (S31)."""
    costs = [await cost(world.inspector, BOX, id=(await busy_inspection(world, size)).id) for size in (2, 15)]
    assert costs == [8, 8]


async def test_a_page_of_fifty_costs_what_a_page_of_five_does(world: World) -> None:
    for _ in range(50):
        await world.inspection("100.00")
    assert [await cost(world.inspector, PAGE, first=size) for size in (5, 50)] == [6, 6]


async def test_a_payers_invoice_costs_the_same_whatever_its_size(world: World) -> None:
    """Reading a payer's invoice takes the same number of statements, whatever its size (S19)."""
    costs = []
    for size in (1, 30):
        job = await world.inspection(*["10.00"] * size)
        invoice = await job.invoice(lineItemIds=job.items)
        payer = await job.payment_link(invoice["id"])
        for _ in range(size - 1):
            given = {"invoiceId": invoice["id"], "amount": "1.00", "method": "CASH"}
            (await world.inspector.mutate("recordPayment", "payment { id }", **given)).done("payment")
        costs.append(await cost(payer, PAYER))
    assert costs[0] <= costs[1] == 5


async def test_the_whole_payments_box_is_one_operation(world: World) -> None:
    """The whole payments box is one operation, within the limit of statements (S5, S31)."""
    job = await busy_inspection(world, 6)
    declared = declared_cost(build_api().graphql_schema, WHOLE_BOX)
    assert declared <= STATEMENTS_MAX
    assert await cost(world.inspector, WHOLE_BOX, id=job.id) <= declared


def declared_cost(schema: GraphQLSchema, query: str) -> int:
    """What the limit counts for a query with one operation."""
    document = parse(query)
    return count_statements(schema, document, document.definitions[0])  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(6))
async def test_no_accepted_operation_costs_more_than_declared(world: World, seed: int) -> None:
    """Wide operations of random fields, run on rows that exist: what they cost is within what they declare."""
    job = await busy_inspection(world, 3)
    schema, choices = build_api().graphql_schema, random.Random(seed)
    accepted = 0
    for _ in range(25):
        query = random_query(schema, choices)
        answer = await _counted_answer(world.inspector, query, id=job.id)
        if answer is None:
            continue
        accepted += 1
        declared = declared_cost(schema, query)
        assert answer <= declared <= STATEMENTS_MAX, query
    assert accepted >= 3, "too few of these are accepted to prove anything"


async def _counted_answer(api: Api, query: str, **variables: Any) -> int | None:
    with counted() as sent:
        answer = await api.run(query, **variables)
    if answer.codes:
        assert set(answer.codes) == {"OPERATION_TOO_COMPLEX"}, answer.body
        assert len(sent) <= 1, "refused before anything was read"
        return None
    return len(sent)


def random_query(schema: GraphQLSchema, choices: random.Random) -> str:
    """An inspector's query with relations chosen at random, at most eight deep, often the same ones twice."""
    roots = {
        "inspection(id: $id)": "Inspection",
        "inspections(first: 20)": "InspectionConnection",
        "invoices(first: 20)": "InvoiceConnection",
        "payments(first: 20)": "PaymentConnection",
    }
    root, type_name = choices.choice(list(roots.items()))
    selection = " ".join(_fields_of(schema, schema.type_map[type_name], choices, depth=choices.randint(2, 6)))
    again = " ".join(_fields_of(schema, schema.type_map[type_name], choices, depth=2))
    header = "query($id: ID!)" if "$id" in root else "query"
    return f"{header} {{ {root} {{ {selection} {again} }} }}"


def _fields_of(schema: GraphQLSchema, shown: Any, choices: random.Random, *, depth: int) -> Iterator[str]:
    yield "__typename"
    assert isinstance(shown, GraphQLObjectType)
    for name, field in shown.fields.items():
        kind = get_named_type(field.type)
        if any(is_required_argument(argument) for argument in field.args.values()):
            continue
        if not _is_inspectors(field) or isinstance(kind, GraphQLUnionType):
            continue
        if is_leaf_type(kind):
            if choices.random() < 0.2:
                yield name
        elif depth > 0 and choices.random() < 0.35:
            yield f"{name} {{ {' '.join(_fields_of(schema, kind, choices, depth=depth - 1))} }}"


def _is_inspectors(field: Any) -> bool:
    assert metadata_of(field) is not None
    directives = field.extensions["strawberry-definition"].directives
    return any("INSPECTOR" in str(getattr(directive, "scopes", "INSPECTOR")) for directive in directives)
