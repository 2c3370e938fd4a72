"""SQL writes money as `rules.money` does."""

from tortoise import connections

from app.resources import Resources
from resolvers.money import AMOUNT, FORMATTED
from rules.money import AMOUNT_MINOR_MAX, CURRENCIES, Money

MINOR = (0, 1, 9, 10, 99, 100, 101, 12_345, 100_000, 1_234_567, 12_345_678, AMOUNT_MINOR_MAX, 123_456_789_012)


async def test_sql_writes_every_currency_as_people_of_it_do(held: Resources) -> None:
    """Signs, groups, decimals and symbols of all currencies, for amounts of every length (S16)."""
    assert held is not None
    amount, formatted = (one.sql.replace("{row.", "given.").replace("}", "") for one in (AMOUNT, FORMATTED))
    query = f"SELECT ({amount})::text AS amount, {formatted} AS formatted FROM (SELECT $1::bigint AS minor, $2::text AS currency) given"  # noqa: E501
    for currency in CURRENCIES:
        for minor in (*MINOR, *(-one for one in MINOR)):
            (row,) = await connections.get("default").execute_query_dict(query, [minor, currency])
            money = Money(minor, currency)
            assert row == {"amount": f"{money.amount:f}", "formatted": money.formatted}
