"""Cursors: what comes back from them, and that nothing else is taken for one."""

import base64
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphql_server.reads.arguments import InvalidArgument, SqlValue
from graphql_server.reads.paging import decode_cursor
from tests.pages import CursorValue, encode_cursor

KINDS = {str: "text", int: "bigint", datetime: "timestamptz", UUID: "uuid"}
MOMENT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
VALUES = st.one_of(
    st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=40),
    st.integers(-(2**62), 2**62),
    st.datetimes(timezones=st.just(UTC)),
    st.uuids(),
)


def kind_of(value: CursorValue) -> str:
    return next(kind for python, kind in KINDS.items() if isinstance(value, python))


def read(cursor: str, *kinds: str, argument: str = "after") -> list[SqlValue]:
    return [value.value for value in decode_cursor(cursor, kinds, argument=argument)]


@given(st.lists(VALUES, min_size=1, max_size=3))
def test_a_cursor_gives_back_what_it_was_made_of(values: list[CursorValue]) -> None:
    assert read(encode_cursor(values), *map(kind_of, values)) == values


def raw(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "not a cursor",
        "é",
        raw("{}"),
        raw("1"),
        raw("[]"),
        raw('["2026-03-01T09:30:00+00:00"]'),
        raw('["2026-03-01T09:30:00", "0190a5a0-0000-7000-8000-000000000000"]'),
        raw('["yesterday", "0190a5a0-0000-7000-8000-000000000000"]'),
        raw('["2026-03-01T09:30:00+00:00", "1; drop table"]'),
        raw('["2026-03-01T09:30:00+00:00", null]'),
        raw("[" * 300),
        "W" * 513,
        encode_cursor([MOMENT, UUID(int=7), 1]),
        encode_cursor([UUID(int=7), MOMENT]),
    ],
)
def test_anything_else_is_refused_naming_the_argument(cursor: str) -> None:
    with pytest.raises(InvalidArgument, match="before is not a cursor of this list") as refusal:
        read(cursor, "timestamptz", "uuid", argument="before")
    assert refusal.value.argument == "before"


@given(st.text())
def test_no_text_makes_it_fail_otherwise(cursor: str) -> None:
    with pytest.raises(InvalidArgument):
        read(cursor, "timestamptz", "uuid")


def test_a_number_beyond_bigint_and_a_nul_are_no_values() -> None:
    for text, kind in ((f"[{2**63}]", "bigint"), ('["\\u0000"]', "text"), ("[true]", "bigint")):
        with pytest.raises(InvalidArgument):
            read(raw(text), kind)
