"""Lists: found by words, narrowed by filters, in any order, and the same whichever way they are read."""

from datetime import timedelta
from typing import Any

import pytest
from tortoise import connections

from rules import clock
from tests.world import Job, Json, World

LISTS = {
    "inspections": ("InspectionFilter", "InspectionOrder", ["DATE", "AMOUNT", "NAME", "STATUS"]),
    "invoices": ("InvoiceFilter", "InvoiceOrder", ["DATE", "AMOUNT", "NAME", "STATUS"]),
    "payments": ("PaymentFilter", "PaymentOrder", ["DATE", "AMOUNT", "NAME", "STATUS"]),
    "people": ("", "PersonOrder", ["DATE", "NAME"]),
}


async def listed(world: World, name: str, **given: Any) -> list[str]:
    """The ids of the list, with this filter and order; read in pages of two, forwards and backwards alike."""
    narrow, order, _ = LISTS[name]
    filters = ("$filter: " + narrow, "filter: $filter, ") if narrow else ("$search: String", "search: $search, ")
    query = (
        f"query({filters[0]}, $orderBy: {order}, $first: Int, $last: Int, $after: String, $before: String)"
        f" {{ {name}({filters[1]}orderBy: $orderBy, first: $first, last: $last, after: $after, before: $before)"
        " { nodes { id } totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"
    )
    found: list[str] = []
    page: Json = {"pageInfo": {"hasNextPage": True, "endCursor": None}}
    while page["pageInfo"]["hasNextPage"]:
        page = (await world.inspector.read(query, **given, first=2, after=page["pageInfo"]["endCursor"]))[name]
        found += [node["id"] for node in page["nodes"]]
    assert page["totalCount"] == len(found)
    back = (await world.inspector.read(query, **given, last=100))[name]
    assert [node["id"] for node in back["nodes"]] == found
    return found


async def ids(world: World, name: str, **filter: Any) -> set[str]:
    """The ids that a filter leaves."""
    return set(await listed(world, name, filter=filter))


async def test_inspections_invoices_and_payments_are_found_by_words(world: World) -> None:
    """All three are found by number, address, and the name or email address of anybody involved (S54)."""
    people = (("Clara Client", "CLIENT"), ("Adalbert Agent", "BUYERS_AGENT"), ("Lisa Lister", "LISTING_AGENT"))
    job = await world.inspection(people=people, propertyAddress="77 Élysée Street")
    other = await world.inspection(propertyAddress="8 Quay")
    invoice = await job.invoice("125.00")
    given = {"invoiceId": invoice["id"], "amount": "25.00", "method": "CASH"}
    payment = (await job.api.mutate("recordPayment", "payment { id }", **given)).done("payment")["id"]
    number = (await job.read("number"))["number"]
    for sought in (number, "elysee", "77 ely", "clara", "lister LISA", job.email("LISTING_AGENT"), "adalb"):
        found = await ids(world, "inspections", search=sought)
        assert (job.id in found, other.id in found) == (True, sought == "clara"), sought
        assert {invoice["id"], job.primary_id} <= await ids(world, "invoices", search=sought), sought
        assert await ids(world, "payments", search=sought) == {payment}, sought
    assert await ids(world, "invoices", search=f" {invoice['number']} ") == {invoice["id"]}
    assert await ids(world, "payments", search=invoice["number"]) == {payment}
    typed = ("x'@y", "x\\'@y", "x'::tsquery)--@y", "'@' | '1':*", "a&b|!c@d", "\x01@y")
    for sought in ("elysee nobody", "lysee", "!?", "%", "'", "\\", "a" * 254, *typed):
        for name in ("inspections", "invoices", "payments"):
            assert await ids(world, name, search=sought) == set(), sought
    assert await ids(world, "payments", payerName="agent adal") == {payment}
    assert await ids(world, "payments", payerName="clara") == set()


async def test_common_words_are_found_like_rare_ones(world: World) -> None:
    """A word that many have finds the same rows in the same order as a rare one would (S54)."""
    jobs = [await world.inspection(propertyAddress=f"{number} Common Street") for number in range(7)]
    plan = "SELECT common FROM search_plan($1, 'common street')"
    (row,) = await connections.get("default").execute_query_dict(plan, [world.company_key])
    assert row["common"] is True
    rare = await world.inspection(propertyAddress="9 Rare Road")
    assert await ids(world, "inspections", search="common street") == {job.id for job in jobs}
    assert await ids(world, "invoices", search="common street") == {job.primary_id for job in jobs}
    assert await ids(world, "inspections", search="rare") == {rare.id}
    people = await listed(world, "people", search="clara")
    assert len(people) == len(jobs) + 1
    assert await listed(world, "people", search="clara nobody") == []
    one = await world.person("Zacharias Zorn")
    assert await listed(world, "people", search="zorn zach") == [one]


async def test_people_are_found_by_words(world: World) -> None:
    """People are found by the beginnings of words in their name and by their email address (S54)."""
    zoe = await world.person("Zoë O'Neill", email="zoe.oneill@people.test")
    await world.person("Clara Client")
    for sought in ("zoe", "ZOË", "o'neill", "neill zo", "zoe.oneill@people.test", "zoe.oneill@"):
        assert await listed(world, "people", search=sought) == [zoe], sought
    changed = await world.inspector.mutate("updatePerson", "person { id }", personId=zoe, name="Yara")
    changed.done("person")
    assert await listed(world, "people", search="neill@") == []
    assert await listed(world, "people", search="yara") == [zoe]


async def _of_all_kinds(world: World) -> tuple[Job, Job, Json, Json]:
    """An inspection with a paid, an overdue and a draft invoice, and a canceled one."""
    job = await world.inspection("350.00", "100.00", "200.00")
    paid, late = await job.invoice("125.00", send=True), await job.invoice("100.00", send=True)
    await job.invoice("90.00")
    given = {"invoiceId": paid["id"], "amount": "125.00", "method": "CASH"}
    (await job.api.mutate("recordPayment", "payment { id }", **given)).done("payment")
    yesterday = (clock.now() - timedelta(days=2)).date().isoformat()
    due = await job.api.mutate("updateInvoiceDueDate", "invoice { id }", invoiceId=late["id"], dueOn=yesterday)
    due.done("invoice")
    canceled = await world.inspection()
    (await canceled.api.mutate("cancelInspection", "inspection { id }", inspectionId=canceled.id)).done("inspection")
    return job, canceled, paid, late


async def test_filters_leave_what_they_say(world: World) -> None:
    """Lists are filtered by overdue, inspector, person, role, due days and several values of a status (S54, S57)."""
    job, canceled, paid, late = await _of_all_kinds(world)
    everything = await ids(world, "inspections")
    assert everything == {job.id, canceled.id}
    me = (await job.read("inspector { id }"))["inspector"]["id"]
    agent = next(
        entry["person"]["id"]
        for entry in (await job.read("people { role person { id } }"))["people"]
        if entry["role"] == "BUYERS_AGENT"
    )
    cases: list[tuple[dict[str, Any], set[str]]] = [
        ({"overdue": True}, {job.id}),
        ({"overdue": False}, {canceled.id}),
        ({"statusIn": ["SCHEDULED"]}, {job.id}),
        ({"statusIn": ["SCHEDULED", "CANCELED", "CANCELED"]}, everything),
        ({"statusIn": []}, set()),
        ({"paymentStatusIn": ["PARTIALLY_PAID", "NOT_DUE"]}, {job.id}),
        ({"statusIn": ["SCHEDULED"], "paymentStatusIn": ["PARTIALLY_PAID", "UNPAID"]}, {job.id}),
        ({"inspectorId": me}, everything),
        ({"personId": agent}, {job.id}),
        ({"personId": agent, "overdue": True, "search": "shore", "statusIn": ["SCHEDULED", "COMPLETED"]}, {job.id}),
    ]
    for given, expected in cases:
        assert await ids(world, "inspections", **given) == expected, given
    days = (clock.now() - timedelta(days=2)).date().isoformat()
    invoices: list[tuple[dict[str, Any], set[str]]] = [
        ({"overdue": True}, {late["id"]}),
        ({"statusIn": ["PAID", "UNCOLLECTIBLE"], "kind": "SEPARATE"}, {paid["id"]}),
        ({"paymentStatusIn": ["PAID"]}, {paid["id"]}),
        ({"dueFrom": days, "dueTo": days}, {late["id"]}),
        ({"dueTo": days}, {late["id"]}),
        ({"personId": agent, "statusIn": ["OPEN", "PAID"]}, {paid["id"], late["id"]}),
        ({"payerRole": "BUYERS_AGENT", "outstanding": True}, {late["id"]}),
    ]
    for given, expected in invoices:
        assert await ids(world, "invoices", **given) == expected, given
    (payment,) = await ids(world, "payments")
    payments: list[tuple[dict[str, Any], set[str]]] = [
        ({"statusIn": ["RECORDED", "SUCCEEDED"]}, {payment}),
        ({"statusIn": ["SUCCEEDED"]}, set()),
        ({"methodIn": ["CASH", "CHECK"]}, {payment}),
        ({"methodIn": ["CARD"]}, set()),
        ({"personId": agent, "methodIn": ["CASH"], "statusIn": ["RECORDED"]}, {payment}),
    ]
    for given, expected in payments:
        assert await ids(world, "payments", **given) == expected, given


@pytest.mark.parametrize("name", LISTS)
async def test_lists_come_in_any_order_either_way(world: World, name: str) -> None:
    """Each list is ordered by date, amount, name or status, either way, and pages meet every row once (S54)."""
    for number, client in enumerate(["Berta", "Anna", "Cecil", "anton"]):
        job = await world.inspection(f"{100 + number % 2}.00", people=((client, "CLIENT"),))
        given = {"inspectionId": job.id, "amount": f"{10 + number}.00", "method": "CASH"}
        (await job.api.mutate("recordPayment", "payment { id }", **given)).done("payment")
    (await job.api.mutate("cancelInspection", "inspection { id }", inspectionId=job.id)).done("inspection")
    everything = set(await listed(world, name))
    assert len(everything) == 4
    for field in LISTS[name][2]:
        ascending = await listed(world, name, orderBy={"field": field})
        assert set(ascending) == everything
        assert await listed(world, name, orderBy={"field": field, "direction": "DESC"}) == ascending[::-1]


async def test_the_first_values_of_orders_stay_accepted(world: World) -> None:
    """SCHEDULED_AT_ASC and SCHEDULED_AT_DESC are still orders, in documents and in variables (S54)."""
    for day in (3, 1, 2):
        await world.inspection(scheduledAt=f"2026-11-0{day}T15:00:00Z")
    ascending = await listed(world, "inspections", orderBy={"field": "DATE", "direction": "ASC"})
    assert await listed(world, "inspections", orderBy="SCHEDULED_AT_ASC") == ascending
    assert await listed(world, "inspections", orderBy="SCHEDULED_AT_DESC") == ascending[::-1]
    for literal in ("SCHEDULED_AT_ASC", "{field: DATE}", "{field: DATE, direction: ASC}"):
        found = await world.inspector.read(f"{{ inspections(orderBy: {literal}) {{ nodes {{ id }} }} }}")
        assert [node["id"] for node in found["inspections"]["nodes"]] == ascending, literal


@pytest.mark.parametrize(
    "order",
    ["DATE", "NAME_ASC", {}, {"field": "SIZE"}, {"field": "DATE", "direction": "UP"}, {"field": "DATE", "x": 1}],
)
async def test_an_order_that_is_none_is_refused(world: World, order: Any) -> None:
    """What is no order is refused with what is (S54)."""
    query = "query($order: InspectionOrder) { inspections(orderBy: $order) { totalCount } }"
    answer = await world.inspector.run(query, order=order)
    assert answer.codes == ["MALFORMED_OPERATION"]


@pytest.mark.parametrize(
    ("name", "filter"), [("inspections", "inspectorId"), ("inspections", "personId"), ("payments", "personId")]
)
async def test_an_id_of_nothing_or_of_others_finds_nothing(world: World, name: str, filter: str) -> None:
    """A filter by an id that is none, of another type, or another company's finds nothing (S54)."""
    job = await world.inspection()
    given = {"inspectionId": job.id, "amount": "10.00", "method": "CASH"}
    (await job.api.mutate("recordPayment", "payment { id }", **given)).done("payment")
    _, stranger = await world.new_company("Other Inspections", "other@other.test")
    for one in ("x", job.id, await world.person("Olga", api=stranger)):
        assert await ids(world, name, **{filter: one}) == set()
