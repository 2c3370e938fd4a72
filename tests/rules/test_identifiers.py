"""Identifiers: ordered keys, and opaque global ids with one spelling each."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.errors import NotFound
from rules.identifiers import global_id, new_id, parse_global_id, row_id


def test_keys_are_unique_and_ordered() -> None:
    keys = [new_id() for _ in range(1_000)]
    assert sorted(keys) == keys
    assert len(set(keys)) == len(keys)
    assert {key.version for key in keys} == {7}


@given(st.sampled_from(["Invoice", "InspectionPerson"]), st.uuids())
def test_global_ids_survive_a_round_trip(name: str, key: UUID) -> None:
    assert parse_global_id(global_id(name, key)) == (name, key)
    assert row_id(global_id(name, key), name, field="id") == key


@given(st.text())
def test_anything_else_is_not_found(text: str) -> None:
    with pytest.raises(NotFound) as refusal:
        row_id(text, "Invoice", field="invoiceId")
    assert (refusal.value.message, refusal.value.field) == ("Invoice not found.", ("invoiceId",))


@given(st.uuids())
def test_other_spellings_and_types_are_not_found(key: UUID) -> None:
    proper = global_id("Invoice", key)
    for value in (proper + "=", proper.rstrip("=") + "\n", proper.swapcase(), str(key), global_id("Payment", key)):
        with pytest.raises(NotFound):
            row_id(value, "Invoice", field="invoiceId")
