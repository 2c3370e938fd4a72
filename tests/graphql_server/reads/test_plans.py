"""Plans: made once for each shape of a request, and refused before they run when they cost too much."""

import pytest
from graphql import FieldNode, GraphQLObjectType, OperationDefinitionNode, parse

from graphql_server.reads import (
    Column,
    Declarations,
    DeclarationsIncomplete,
    InvalidVariables,
    Many,
    ModelType,
    NotCompiled,
    Reads,
    Table,
    TooCostly,
    answer,
)
from tests.graphql_server.reads.bookshop import DECLARATIONS
from tests.graphql_server.reads.shop import Shop

ORDER = "query ($id: ID!, $paid: Boolean!) { order(id: $id) { number paidAt @include(if: $paid) } }"


def test_a_plan_is_kept_for_other_values(shop: Shop) -> None:
    """Another id, another cursor or another size is the same plan; what changes the SQL is another."""
    operation = shop.reads.operation(parse(ORDER), None, "STAFF")
    ids = [shop.id_of("Order", order["id"]) for order in shop.rows.orders[:2]]
    one, other = (operation.request({"id": key, "paid": True}) for key in ids)
    assert one.plan is other.plan
    assert one.asked != other.asked
    assert operation.request({"id": ids[0], "paid": False}).plan is not one.plan
    assert operation.request({"id": "nonsense", "paid": True}).plan is not one.plan


def test_variables_that_do_not_fit_are_refused_before_anything_runs(shop: Shop) -> None:
    """graphql-core's own sentences name the variable."""
    with pytest.raises(InvalidVariables, match="paid"):
        shop.request(ORDER, id="x")
    with pytest.raises(InvalidVariables, match="first"):
        shop.request("query ($first: Int) { orders(first: $first) { totalCount } }", first=2**31)


@pytest.mark.parametrize("field", ["__schema { types { name } }", '__type(name: "Order") { name }'])
def test_questions_about_the_schema_are_left_to_graphql_core(shop: Shop, field: str) -> None:
    """Introspection is not compiled."""
    with pytest.raises(NotCompiled):
        shop.request(f"{{ {field} }}")


def test_the_cost_multiplies_sizes_of_pages(shop: Shop) -> None:
    """A list without a size counts as 20 rows, a single row as one."""
    assert shop.request("{ orders(first: 10) { nodes { reader { id } lines { id } } } }").rows == 10 + 10 + 200
    assert shop.request("query ($n: Int) { orders(first: $n) { nodes { id } } }", n=3).rows == 3
    assert shop.request("{ stock { ... on Book { id } } turnover { amount } }").rows == 20


def test_what_costs_too_much_is_refused_with_the_list_that_costs_most(shop: Shop) -> None:
    """The refusal holds the estimate and the path of a list; nothing was read."""
    source = (
        "{ orders(first: 10) { nodes { lines { order { lines { order { lines { order { lines { id } } } } } } } } } }"
    )
    with pytest.raises(TooCostly, match=r"may reach .* rows; at most 100,000") as refused:
        shop.request(source)
    assert refused.value.path == "orders.nodes.lines.order.lines.order.lines.order.lines"
    assert refused.value.rows > 1_600_000


async def test_a_field_of_what_python_made_is_read_back(shop: Shop) -> None:
    """A mutation's payload reads the changed row through the same compiler, by a key that the request brings."""
    document = parse("mutation { payOrder(id: 1) { order { number total { amount } } } }")
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    call = operation.selection_set.selections[0]
    assert isinstance(call, FieldNode)
    assert call.selection_set is not None
    nodes = [node for node in call.selection_set.selections if isinstance(node, FieldNode)]
    payload = shop.schema.type_map["OrderPayload"]
    assert isinstance(payload, GraphQLObjectType)
    staff = shop.callers()[0]
    order = next(one for one in shop.rows.orders if one["shop_id"] == staff.shop_id)
    read_back = shop.reads.field(payload, nodes, {}, "STAFF", brings={"changed_id": "uuid"})
    credentials = {**shop.credentials(staff), "changed_id": str(order["id"])}
    found = await answer(read_back.request({}), shop.pool, credentials)
    assert found.data.startswith(f'{{"order":{{"number":"{order["number"]}","total":{{"amount":"')
    foreign = {**credentials, "changed_id": str(shop.rows.orders[-1]["id"])}
    assert (await answer(read_back.request({}), shop.pool, foreign)).data == '{"order":null}'


async def test_a_subscriptions_event_is_read_like_a_query(shop: Shop) -> None:
    """The root of a subscription is declared and compiled as a query's."""
    staff = shop.callers()[0]
    order = next(one for one in shop.rows.orders if one["shop_id"] == staff.shop_id)
    document = parse("subscription ($id: ID!) { orderChanged(id: $id) { number } }")
    request = shop.reads.operation(document, None, "STAFF").request({"id": shop.id_of("Order", order["id"])})
    found = await answer(request, shop.pool, shop.credentials(staff))
    assert found.data == f'{{"orderChanged":{{"number":"{order["number"]}"}}}}'


def test_declarations_that_do_not_fit_are_told_when_the_server_starts(shop: Shop) -> None:
    """Each is a sentence that names the field."""
    shown = ModelType({"id": Many(("id",)), "lines": Column("lines"), "colour": Column("colour")}, "orders")
    types = {**DECLARATIONS.types, "Order": shown, "Cat": ModelType({})}
    del types["Money"]
    wrong = Declarations({"orders": Table("orders", {"CAT": "true"})}, types, DECLARATIONS.callers)
    with pytest.raises(DeclarationsIncomplete) as refused:
        Reads(shop.schema, wrong)
    assert {
        "Cat is declared and is no object type of the schema.",
        "Order.number is not declared.",
        "Order.colour is declared and is no field of the schema.",
        "Order.id shows a plain value: declare a Column, an Expression or a Hole.",
        "Order.lines shows an object: declare a Shape or a relation.",
        "Shop shows the table shops, which is not declared.",
        "Line.amount shows Money, which is not declared.",
        "The table orders is visible to the scope CAT, which no caller has.",
    } <= set(refused.value.sentences)
