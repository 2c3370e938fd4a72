"""No error repeats a value of the request: one of them may be a password."""

import pytest
from structlog.testing import capture_logs

from graphql_server.executor import Executor
from graphql_server.messages import MESSAGE_CHARACTERS_MAX, without_values
from tests.graphql_server.toy import INSPECTOR

SECRET = "hunter2"

DOCUMENTS = [
    '{ currency(mood: "hunter2") }',
    "{ currency(mood: hunter2) }",
    "{ currency(mood: [hunter2]) }",
    '{ currency(mood: "x" "hunter2") }',
    '{ currency(mood: "x" """hunter2""") }',
    "{ currency(mood: CALM hunter2 horse) }",
    "{ hello hunter2: }",
    'mutation { paint(input: "hunter2") }',
    'mutation { paint(input: ["hunter2"]) }',
    'mutation { paint(input: {amount: "1", at: "hunter2"}) }',
    'mutation { paint(input: {color: hunter2, amount: "hunter2", at: {a: "hunter2"}}) }',
    'mutation { paint(input: {color: "x", colour: "hunter2"}) }',
    'mutation { paint(input: {color: "hunter2\\u0000"}) }',
    'mutation { paint(input: {color: "hunter2}) }',
    'mutation ($input: PaintInput = {color: ["hunter2"], amount: "hunter2"}) { paint(input: $input) }',
    '{ node(id: "\\u{hunter2}") { id } }',
    '{ node(id: {hunter: "hunter2"}) { id @include(if: "hunter2") } }',
    '{ houses(first: "hunter2", after: 2.5) { nodes { id } } }',
    '{ houses(first: {a: "hunter2"}) { nodes { id } } }',
    'query ($first: Int = "hunter2") { houses(first: $first) { nodes { id } } }',
    'subscription { count(a: "hunter2") }',
    '{ house(a: "hunter2") { id(a: "hunter2") address: price address: secret } }',
]

VARIABLES = [
    SECRET,
    [SECRET],
    {"color": [SECRET]},
    {"color": {"a": SECRET}},
    {"color": "red", "at": SECRET},
    {"color": "red", "amount": [SECRET], "at": SECRET},
    {"color": "red", "colour": SECRET},
    {"amount": SECRET},
    {"color": "red", "at": f"x'; found: {SECRET}"},
    {"color": "red", "colour": f"Expected value of type 'A', but encountered error '{SECRET}'; found: x"},
]


@pytest.mark.parametrize("source", DOCUMENTS)
async def test_a_literal_is_not_repeated(executor: Executor, source: str) -> None:
    """Neither the answer nor the log repeats what a document holds where a value belongs."""
    with capture_logs() as logs:
        result = await executor.execute(source, scope=INSPECTOR, context=None)
    assert result.errors
    assert SECRET not in str(result.errors)
    assert SECRET not in str(logs)
    assert all(error["message"] for error in result.errors)


@pytest.mark.parametrize("value", VARIABLES)
async def test_a_variables_value_is_not_repeated(executor: Executor, value: object) -> None:
    """Neither the answer nor the log repeats the value of a variable."""
    source = "mutation ($input: PaintInput!) { paint(input: $input) }"
    with capture_logs() as logs:
        result = await executor.execute(source, scope=INSPECTOR, context=None, variables={"input": value})
    assert result.errors
    assert SECRET not in str(result.errors)
    assert SECRET not in str(logs)


@pytest.mark.parametrize("value", [SECRET, [SECRET], {"a": SECRET}])
@pytest.mark.parametrize(
    "source", ["query ($v: Mood!) { currency(mood: $v) }", "query ($v: Int) { houses(first: $v) { nodes { id } } }"]
)
async def test_a_plain_variables_value_is_not_repeated(executor: Executor, source: str, value: object) -> None:
    """What an enum and a number of GraphQL's own refuse is not repeated either."""
    result = await executor.execute(source, scope=INSPECTOR, context=None, variables={"v": value})
    assert result.errors
    assert SECRET not in str(result.errors)


def test_a_number_with_too_many_digits_is_refused_in_our_words() -> None:
    """Python's own limit of digits is told without a word about Python."""
    limit = "Exceeds the limit (4300 digits) for integer string conversion: value has 5000 digits"
    said = f"first has an invalid value: Expected value of type 'Int', but encountered error '{limit}'; found: 9."
    assert without_values(said) == "first has an invalid value: The number has too many digits."


def test_a_long_name_is_shortened() -> None:
    """A name is told, but not all of a hundred kilobytes of it."""
    assert without_values("x" * 100_000) == "x" * MESSAGE_CHARACTERS_MAX + "…"
