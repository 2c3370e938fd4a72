"""Every kind of field, one at a time; each answer is also compared with graphql-core's."""

from typing import Any

import pytest

from tests.graphql_server.reads.bookshop_tables import CURRENCIES, TEXTS
from tests.graphql_server.reads.oracle import Asking
from tests.graphql_server.reads.shop import Outcome, Shop

NULL_LABEL = "Cannot return null for non-nullable field Order.label."


def data(found: Outcome) -> Any:
    assert found.errors == []
    return found.data


def an_order(shop: Shop, **equal: object) -> tuple[str, Asking]:
    """The id of an order with these values, and staff who may see it."""
    orders = [one for one in shop.rows.orders if all(one[name] == value for name, value in equal.items())]
    order = orders[0]
    return shop.id_of("Order", order["id"]), Asking("STAFF", order["shop_id"])  # type: ignore[arg-type]


@pytest.mark.parametrize("text", TEXTS)
async def test_text_is_escaped(shop: Shop, text: str) -> None:
    """Quotes, backslashes, control characters and marks of our own come through as they are stored."""
    order, staff = an_order(shop, note=text)
    found = data(await shop.ask("query ($id: ID!) { order(id: $id) { note label tags } }", staff, id=order))
    assert found["order"]["note"] == found["order"]["label"] == text


@pytest.mark.parametrize("currency", CURRENCIES)
async def test_two_columns_are_shown_as_money(shop: Shop, currency: str) -> None:
    """A sum of money is an object that shows columns of the row around it."""
    order, staff = an_order(shop, currency=currency, tip_minor=250)
    source = "query ($id: ID!) { order(id: $id) { total { amount currency formatted } tip { amount } } }"
    found = data(await shop.ask(source, staff, id=order))["order"]
    assert found["total"]["currency"] == currency
    assert found["tip"] == {"amount": "250" if currency == "JPY" else "2.50"}


async def test_a_shape_is_null_where_its_condition_fails(shop: Shop) -> None:
    """No tip is null, not a sum of nothing."""
    order, staff = an_order(shop, tip_minor=None)
    assert data(await shop.ask("query ($id: ID!) { order(id: $id) { tip { amount } } }", staff, id=order)) == {
        "order": {"tip": None}
    }


@pytest.mark.parametrize(("stored", "shown"), [("l", "LOW"), ("h", "HIGH"), (None, None)])
async def test_an_enum_is_shown_by_its_names(shop: Shop, stored: str | None, shown: str | None) -> None:
    """What is stored for an enum need not be the name that the schema has."""
    order, staff = an_order(shop, urgency=stored)
    found = data(await shop.ask("query ($id: ID!) { order(id: $id) { urgency status } }", staff, id=order))
    assert found["order"]["urgency"] == shown


async def test_variants_are_told_apart_by_row(shop: Shop) -> None:
    """An interface and a union show each row as the type that it is."""
    source = "{ items { __typename ... on Book { pages } ... on Record { minutes } } stock { ... on Node { id } } }"
    found = data(await shop.ask(source))
    assert {one["__typename"] for one in found["items"]} == {"Book", "Record"}


@pytest.mark.parametrize("index", range(3))
async def test_the_viewer_is_whoever_asks(shop: Shop, index: int) -> None:
    """A union may depend on the scope alone; nobody is null."""
    asking = shop.callers()[index]
    source = "{ viewer { __typename ... on StaffViewer { shop { name } } ... on ReaderViewer { reader { name } } } }"
    found = data(await shop.ask(source, asking))["viewer"]
    assert (found and found["__typename"]) == {"STAFF": "StaffViewer", "READER": "ReaderViewer"}.get(str(asking.scope))


async def test_a_global_id_says_which_type_a_node_is(shop: Shop) -> None:
    """`node` reads from the table of the type that its argument names."""
    reader = shop.id_of("Reader", shop.callers()[1].reader_id)
    source = "query ($id: ID!) { node(id: $id) { __typename id ... on Reader { name } ... on Order { number } } }"
    found = data(await shop.ask(source, shop.callers()[1], id=reader))
    assert found["node"]["__typename"] == "Reader"
    assert "number" not in found["node"]


async def test_aggregates_count_what_the_scope_may_see(shop: Shop) -> None:
    """A reader's turnover is their own; the same field is the whole shop's for staff."""
    staff, reader, nobody = shop.callers()
    totals = [data(await shop.ask("{ turnover { amount } }", asking)) for asking in (staff, reader, nobody)]
    assert totals[2] == {"turnover": {"amount": "0.00"}}
    assert len({str(total) for total in totals}) == 3


async def test_null_in_a_non_null_field_rises(shop: Shop) -> None:
    """It is told with its path, and goes up to the next value that may be null."""
    order, staff = an_order(shop, note=None)
    found = await shop.ask("query ($id: ID!) { order(id: $id) { number label } }", staff, id=order)
    assert found == Outcome({"order": None}, [(("order", "label"), NULL_LABEL)])
    found = await shop.ask("query ($id: ID!) { firmOrder(id: $id) { label } }", staff, id=order)
    assert found == Outcome(None, [(("firmOrder", "label"), NULL_LABEL)])


async def test_null_stays_in_a_list_that_may_hold_it(shop: Shop) -> None:
    """An item that may be null is null alone; its siblings are answered, and so are further errors."""
    lines = [line for line in shop.rows.order_lines if line["title"] is None]
    order, staff = an_order(shop, id=lines[0]["order_id"])
    found = await shop.ask("query ($id: ID!) { order(id: $id) { looseLines { title } } }", staff, id=order)
    assert ("order", "looseLines", 0, "title")[:2] == found.errors[0][0][:2]
    assert isinstance(found.data, dict)
    assert None in found.data["order"]["looseLines"]


async def test_arguments_that_are_refused_are_the_fields_own_error(shop: Shop) -> None:
    """Other fields are answered; the refused one says why."""
    found = await shop.ask("{ orders(first: 0) { totalCount } other: orders(first: 1) { totalCount } }")
    assert found.errors == [(("orders",), "first is a number from 1 to 10; it was 0.")]
    assert isinstance(found.data, dict)
    assert found.data["orders"] is None
    assert found.data["other"] is not None


@pytest.mark.parametrize("what", ["nonsense", "another shop's", "another type's"])
async def test_what_is_not_there_is_told_as_declared(shop: Shop, what: str) -> None:
    """A row that is missing, foreign, or of another type is the same error at the field."""
    staff = shop.callers()[0]
    foreign = next(one for one in shop.rows.orders if one["shop_id"] != staff.shop_id)
    ids = {
        "nonsense": "nonsense",
        "another shop's": shop.id_of("Order", foreign["id"]),
        "another type's": shop.id_of("Reader", shop.rows.readers[0]["id"]),
    }
    found = await shop.ask("query ($id: ID!) { order(id: $id) { id } }", staff, id=ids[what])
    assert found == Outcome({"order": None}, [(("order",), "There is no such order.")])


async def test_another_shops_row_is_not_followed(shop: Shop) -> None:
    """A key that leads to another tenant by mistake leads nowhere."""
    order, staff = shop.leading_astray()
    found = data(await shop.ask("query ($id: ID!) { order(id: $id) { previous { id } } }", staff, id=order))
    assert found == {"order": {"previous": None}}


async def test_holes_are_filled_row_by_row(shop: Shop) -> None:
    """Python makes the value from what the statement brought, the arguments and the request's context."""
    source = """{ orders(first: 3) { nodes {
        receiptUrl
        preview(style: "plain") { subject lines words footer { text } marks }
        bad: preview(style: "bad") { subject }
    } } }"""
    found = await shop.ask(source)
    assert {error[0][-1] for error in found.errors} <= {"bad", 0, 1, 2, 3}
    assert "There is no style bad." in {error[1] for error in found.errors}


async def test_a_wide_object_is_more_than_one_call(shop: Shop) -> None:
    """A function takes a hundred arguments; an answer may have any number of fields."""
    fields = " ".join(f"f{number}: number g{number}: note" for number in range(300))
    found = data(await shop.ask(f"{{ orders(first: 1) {{ nodes {{ {fields} }} }} }}"))
    assert len(found["orders"]["nodes"][0]) == 600
