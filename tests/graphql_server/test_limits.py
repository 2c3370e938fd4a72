"""Operations at a limit run, and one step beyond it they are refused with the number and the limit."""

import pytest
from graphql import get_introspection_query

from graphql_server.executor import Executor
from tests.graphql_server.toy import INSPECTOR


def nested(depth: int) -> str:
    """`house` and below it houses down to `depth` fields."""
    return "{ house " + "{ neighbours " * (depth - 2) + "{ id }" + " }" * (depth - 1)


def fields(count: int) -> str:
    """One root field, one fragment of nine fields as often as it fits, and the rest beside it."""
    spreads, rest = divmod(count - 1, 9)
    return "{ house { " + "...F " * spreads + "id " * rest + "} } fragment F on House { " + "id " * 9 + "}"


WITHIN_AND_BEYOND = {
    "depth": (nested(10), nested(11), "is nested 11 fields deep; at most 10 are accepted."),
    "root fields": (
        "{" + "hello " * 10 + "}",
        "{" + "...F " * 5 + "hello }fragment F on Query { hello hello }",
        "selects 11 root fields; at most 10 are accepted.",
    ),
    "fields": (fields(500), fields(501), "selects 501 fields once its fragments are put in; at most 500"),
    "aliases": (
        "{ house {" + " ".join(f"a{number}: id" for number in range(15)) + "} }",
        "{ house {" + "...F " * 8 + "} } fragment F on House { a: id b: id }",
        "uses 16 aliases once its fragments are put in; at most 15 are accepted.",
    ),
    "directives": (
        "{ house { " + "id @skip(if: true) " * 5 + "address } }",
        "{ house { " + "id @skip(if: true) " * 6 + "address } }",
        "uses 6 directives once its fragments are put in; at most 5 are accepted.",
    ),
    "operations": (
        " ".join(f"query Q{number} {{ hello }}" for number in range(5)),
        " ".join(f"query Q{number} {{ hello }}" for number in range(6)),
        "has 6 operations; at most 5 may be.",
    ),
    "tokens": (
        "{ house { " + "... { id } ... { address } ... { price } ... { secret } " * 62 + "id " * 3 + "} }",
        "{ house { " + "... { id } ... { address } ... { price } ... { secret } " * 62 + "id " * 4 + "} }",
        "contains more than 1000 tokens",
    ),
    "comments": ("# one\n" * 50 + "{ hello }", "# one\n" * 51 + "{ hello }", "contains more than 50 comments"),
    "source": ("{ hello }".ljust(16384), "{ hello }".ljust(16385), "is 16385 bytes long; at most 16384 are accepted."),
    "comparisons": (
        "{ house { " + "neighbours { id } " * 63 + "} }",
        "{ house { " + "neighbours { id } " * 64 + "} }",
        "takes 2016 comparisons to validate; at most 2000 are made.",
    ),
    "comparisons of leaves": (
        "{ house { " + "id " * 141 + "} }",
        "{ house { " + "id " * 142 + "} }",
        "takes 2002 comparisons to validate; at most 2000 are made.",
    ),
    "comparisons of all operations": (
        "query A { house { " + "neighbours { id } " * 45 + "} } query B { house { " + "neighbours { id } " * 45 + "} }",
        "query A { house { " + "neighbours { id } " * 46 + "} } query B { house { " + "neighbours { id } " * 46 + "} }",
        "takes 2070 comparisons to validate; at most 2000 are made.",
    ),
    "fields of all fragments": (
        "{ house { ...A ...B } }" + "fragment A on House { id } fragment B on House { address }",
        "{ hello }"
        + "".join(f"fragment F{n} on House {{ ...A ...A }}" for n in range(60))
        + "fragment A on House {"
        + "id secret price address " * 30
        + "}",
        "The document selects 14521 fields and fragments in all; at most 5000 are accepted.",
    ),
}


@pytest.mark.parametrize("limit", WITHIN_AND_BEYOND)
def test_each_limit_admits_its_number_and_no_more(executor: Executor, limit: str) -> None:
    within, beyond, sentence = WITHIN_AND_BEYOND[limit]
    assert executor.documents.prepare(within, INSPECTOR).errors == ()
    (error,) = executor.documents.prepare(beyond, INSPECTOR).errors
    assert error["extensions"]["code"] == "OPERATION_TOO_COMPLEX"
    assert sentence in error["message"]


async def test_what_is_too_complex_does_not_run(executor: Executor) -> None:
    result = await executor.execute(nested(11), scope=INSPECTOR, context=None)
    assert "data" not in result.as_response()


def test_the_source_is_measured_in_bytes(executor: Executor) -> None:
    (error,) = executor.documents.prepare("{ hello } #" + "é" * 8190, INSPECTOR).errors
    assert "bytes long" in error["message"]


def test_introspection_is_exempt_from_depth_and_fits_the_other_limits(executor: Executor) -> None:
    source = get_introspection_query(
        specified_by_url=True, directive_is_repeatable=True, schema_description=True, input_value_deprecation=True
    )
    prepared = executor.documents.prepare(source, None)
    assert prepared.errors == ()
    assert prepared.document is not None


def test_a_fragment_that_contains_itself_is_refused(executor: Executor) -> None:
    source = "{ house { ...A } } fragment A on House { neighbours { ...B } } fragment B on House { ...A }"
    (error,) = executor.documents.prepare(source, INSPECTOR).errors
    assert error["message"] == "The fragment A contains itself."
    assert error["extensions"]["code"] == "MALFORMED_OPERATION"


NOBODY_SPREADS = {
    "depth": "fragment F on House " + "{ neighbours " * 11 + "{ id }" + " }" * 11,
    "fields": "fragment F on House {" + "id " * 501 + "}",
    "aliases": "fragment F on House {" + "a: id " * 16 + "}",
    "directives": "fragment F on House {" + "id @skip(if: true) " * 6 + "}",
    "comparisons": "fragment F on House {" + "neighbours { id } " * 64 + "}",
    "of a fragment that only it spreads": "fragment F on House { ...G } fragment G on House {" + "id " * 501 + "}",
    "behind another of its name": "fragment F on House {" + "id " * 501 + "} fragment F on House { id }",
}


@pytest.mark.parametrize("limit", NOBODY_SPREADS)
def test_a_fragment_that_nobody_spreads_is_measured_too(executor: Executor, limit: str) -> None:
    """Validation compares the fields of every fragment, so every fragment is within the limits first (section 6)."""
    (error,) = executor.documents.prepare("{ hello } " + NOBODY_SPREADS[limit], INSPECTOR).errors
    assert error["extensions"]["code"] == "OPERATION_TOO_COMPLEX"
    circle = "{ hello } fragment A on House { neighbours { ...B } } fragment B on House { ...A }"
    assert executor.documents.prepare(circle, INSPECTOR).errors[0]["message"] == "The fragment A contains itself."


def test_many_roots_of_a_fragment_are_no_root_fields(executor: Executor) -> None:
    """Eleven fields of a fragment are fine where they are not those of the operation (section 6)."""
    source = "{ house { ...F } } fragment F on House { " + "id secret price address " * 5 + "}"
    assert executor.documents.prepare(source, INSPECTOR).errors == ()


def test_the_operation_is_named_when_it_has_a_name(executor: Executor) -> None:
    (error,) = executor.documents.prepare("query Deep " + nested(11), INSPECTOR).errors
    assert error["message"].startswith("The operation Deep is nested")
