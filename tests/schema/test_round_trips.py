"""A query is one round trip to PostgreSQL, who asks included, whatever it selects; what costs too much is none."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import httpx
import pytest

from app.resources import Resources
from app.server import create_app
from app.settings import Settings
from graphql_server.reads import Pool, PoolOptions
from rules.access import Scope
from tests.api.rich_world import RichWorld, rich_inspection
from tests.sandbox_servers import Servers
from tests.wire import Wire, said_by_operations, wire_to
from tests.world import Api, World

BOX = """
    query Box($id: ID!) {
        inspection(id: $id) {
            number paymentStatus total { formatted } company { name currency } inspector { name }
            people { roleName person { name email phone } }
            lineItems { description amount { formatted } }
            primaryInvoice { ...Invoice }
            invoices { ...Invoice documentUrl notice }
            payments { status payerName refunds { amount { formatted } } }
            invoicing { available invoiceable { formatted } refusal { message } people { id } }
            services: invoicing { services { lineItem { description } invoiceable { formatted } } }
            agreements { version body } report { locked url }
            grants { personName kind } emails { subject status } events { name before after }
        }
    }
    fragment Invoice on Invoice {
        number status total { formatted } billedTo { person { name } } lines { description } payments { id status }
    }
"""
PAGES = """
    { inspections(first: 50) { totalCount nodes { number client: people { person { name } } invoices { status } } }
      people { nodes { name } } invoices { nodes { number } } payments { nodes { id } } emails { nodes { subject } }
      automations { name } outstanding { formatted } }
"""
PORTAL = (
    "{ viewer { ... on PayerViewer { invoice { number remaining { formatted } payments { status } documentUrl } } } }"
)
CLIENTS = "{ viewer { ... on ClientViewer { person { name } inspection { number invoices { number } } } } }"


@dataclass(frozen=True, slots=True)
class Watched:
    """A world whose API reads over a wire that counts."""

    rich: RichWorld
    wire: Wire
    http: httpx.AsyncClient

    def api(self, scope: Scope | None) -> Api:
        return Api(self.http, self.rich.apis[scope].token)


@pytest.fixture(scope="module")
async def watched(servers: Servers, settings: Settings, held: Resources) -> AsyncIterator[Watched]:
    async with (
        World.begun(servers, settings, held) as world,
        wire_to(servers.database_url) as wire,
        Pool(wire.url, PoolOptions(size=1)) as reading,
    ):
        transport = httpx.ASGITransport(create_app(settings, held=replace(held, reading=reading)))
        async with httpx.AsyncClient(transport=transport, base_url="http://api.inspectpay.test") as http:
            yield Watched(await rich_inspection(world, world.inspector), wire, http)


@pytest.mark.parametrize(
    ("source", "scope"),
    [(BOX, Scope.INSPECTOR), (PAGES, Scope.INSPECTOR), (PORTAL, Scope.PAYER), (CLIENTS, Scope.CLIENT)],
)
async def test_any_query_is_one_round_trip(watched: Watched, source: str, scope: Scope) -> None:
    """The whole payments box, all lists at once, and the portals: one statement each, who asks in it (S5, S31)."""
    given = {"id": watched.rich.job.id} if "$id" in source else {}
    api = watched.api(scope)
    answered = await api.read(source, **given)  # Connects, and prepares the statement.
    before = watched.wire.round_trips
    with said_by_operations() as said:
        assert await api.read(source, **given) is not None
    assert answered is not None
    assert watched.wire.round_trips - before == 1
    assert said == [], "no other connection says anything"


async def test_a_mixed_question_about_the_schema_is_answered_too(watched: Watched) -> None:
    """What asks about rows and about the schema at once is run by graphql-core, and reads the rows the same way."""
    source = 'query($id: ID!) { __type(name: "Money") { name } inspection(id: $id) { number } viewer { __typename } }'
    found = await watched.api(Scope.INSPECTOR).read(source, id=watched.rich.job.id)
    number = watched.rich.job.created["number"]
    viewer = {"__typename": "InspectorViewer"}
    assert found == {"__type": {"name": "Money"}, "inspection": {"number": number}, "viewer": viewer}


LISTS = "{ inspections(first: 100) { nodes { invoices { lines { id } payments { refunds { id } } } } } }"


async def test_what_reaches_too_many_rows_is_refused_with_the_estimate(watched: Watched) -> None:
    """Page sizes multiplied, 20 for a list without one: above 100,000 nothing is read (section 6)."""
    before = watched.wire.round_trips
    answer = await watched.api(Scope.INSPECTOR).run(LISTS)
    assert (answer.status, answer.codes) == (400, ["OPERATION_TOO_COMPLEX"])
    (error,) = answer.body["errors"]
    assert error["message"] == (
        "The operation may reach 882,100 rows; at most 100,000 are accepted. Most of them are below"
        " inspections.nodes.invoices.payments.refunds: ask for smaller pages, or for fewer lists in each other."
    )
    assert watched.wire.round_trips == before
    smaller = LISTS.replace("first: 100", "first: 10")
    assert (await watched.api(Scope.INSPECTOR).run(smaller)).codes == []


async def test_a_mutation_whose_answer_costs_too_much_changes_nothing(watched: Watched) -> None:
    """The cost of what a mutation is to read back is known before it begins (section 6)."""
    deep = "inspection { invoices { payments { refunds { id } invoice { payments { refunds { id } } } } } }"
    source = f"mutation($input: CancelInspectionInput!) {{ cancelInspection(input: $input) {{ {deep} }} }}"
    answer = await watched.api(Scope.INSPECTOR).run(source, input={"inspectionId": watched.rich.job.id})
    assert answer.codes == ["OPERATION_TOO_COMPLEX"]
    assert "data" not in answer.body
    assert (await watched.rich.job.read("status"))["status"] == "SCHEDULED"
