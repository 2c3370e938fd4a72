"""Gathering what is wrong with an input: all of it, each with its path, and nothing runs behind it."""

import pytest

from rules import texts
from rules.checks import Checks, Refusals
from rules.errors import ErrorCode, NotFound, Refusal


def paths(refusal: Refusal) -> list[tuple[str, ...] | None]:
    return [one.field for one in refusal.each]


def test_everything_that_is_wrong_is_told_at_once() -> None:
    """Refusals of independent fields come together, each with the path of its field."""

    def checked() -> None:
        with Checks() as check:
            check(texts.line, "", field="name", length_max=10)
            for place, text in enumerate(["fine", "", "x" * 11]):
                with check.at("lineItems", place):
                    texts.line(text, field="description", length_max=10)
            with check.at():
                raise NotFound("User", field=("inspectorId",))
            with check.at("people", 3):
                raise Refusal("This entry is too much.")

    with pytest.raises(Refusals) as caught:
        checked()
    assert paths(caught.value) == [
        ("name",),
        ("lineItems", "1", "description"),
        ("lineItems", "2", "description"),
        ("inspectorId",),
        ("people", "3"),
    ]
    assert (caught.value.message, caught.value.field) == ("name must not be empty.", ("name",))


def test_a_single_refusal_stays_what_it_is() -> None:
    """Who waits for one kind of refusal still catches it."""

    def checked() -> None:
        with Checks() as check:
            check(texts.line, "fine", field="name", length_max=10)
            with check.at():
                raise NotFound("User", field=("inspectorId",))

    with pytest.raises(NotFound) as caught:
        checked()
    assert paths(caught.value) == [("inspectorId",)]


def test_a_refusal_outside_of_a_check_ends_the_block_and_is_told_with_the_others() -> None:
    """What depends on something else may simply raise."""

    def checked() -> None:
        with Checks() as check:
            check(texts.line, "", field="name", length_max=10)
            raise NotFound("User", field=("userId",))

    with pytest.raises(Refusals) as caught:
        checked()
    assert paths(caught.value) == [("name",), ("userId",)]
    assert [one.code for one in caught.value.each] == [ErrorCode.INVALID_INPUT, ErrorCode.NOT_FOUND]


def test_groups_within_groups_are_one() -> None:
    """A part of an input that checks itself is told below its own path."""

    def checked() -> None:
        with Checks() as check, check.at("people", 0), Checks() as inner:
            inner(texts.line, "", field="name", length_max=10)
            inner(texts.line, "", field="phone", length_max=10)

    with pytest.raises(Refusals) as caught:
        checked()
    assert paths(caught.value) == [("people", "0", "name"), ("people", "0", "phone")]


def test_what_is_right_passes_with_its_value() -> None:
    """Nothing is refused where nothing is wrong."""
    with Checks() as check:
        name = check(texts.line, " Pat ", field="name", length_max=10)
        assert check.passed
    assert name == "Pat"


def test_a_fault_is_no_refusal() -> None:
    """A bug is never told as a refusal, whatever else was refused."""

    def checked() -> None:
        with Checks() as check:
            check(texts.line, "", field="name", length_max=10)
            check(divmod, 1, 0)

    with pytest.raises(ZeroDivisionError):
        checked()
