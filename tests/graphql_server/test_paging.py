"""Cursors: what comes back from them, and that nothing else is taken for one."""

import base64
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphql_server.paging import CursorValue, InvalidPage, decode_cursor, encode_cursor

MOMENT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
VALUES = st.one_of(
    st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=40),
    st.integers(-(2**62), 2**62),
    st.datetimes(timezones=st.just(UTC)),
    st.uuids(),
)


@given(st.lists(VALUES, min_size=1, max_size=3))
def test_a_cursor_gives_back_what_it_was_made_of(values: list[CursorValue]) -> None:
    kinds = [type(value) if not isinstance(value, datetime) else datetime for value in values]
    assert decode_cursor(encode_cursor(values), kinds, field="after") == tuple(values)


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
    with pytest.raises(InvalidPage, match="before is not a cursor of this list") as refusal:
        decode_cursor(cursor, [datetime, UUID], field="before")
    assert refusal.value.field == ("before",)


@given(st.text())
def test_no_text_makes_it_fail_otherwise(cursor: str) -> None:
    with pytest.raises(InvalidPage):
        decode_cursor(cursor, [datetime, UUID], field="after")


def test_a_number_beyond_bigint_and_a_nul_are_no_values() -> None:
    for text, kind in ((f"[{2**63}]", int), ('["\\u0000"]', str), ("[true]", int)):
        with pytest.raises(InvalidPage):
            decode_cursor(raw(text), [kind], field="after")
