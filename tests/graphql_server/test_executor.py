"""What a result tells: data, refusals with their code, and faults under a reference and nothing more."""

import asyncio
import gc
from typing import Any

import pytest
from structlog.testing import capture_logs

from graphql_server.api import Api
from graphql_server.cooperative_executor import is_awaitable
from graphql_server.executor import Executor
from graphql_server.results import Outcome, Result
from tests.graphql_server.toy import ANN, COUNTED, INSPECTOR, STOPPED

PAINT = "mutation Paint($input: PaintInput!) { paint(input: $input) }"


async def run(executor: Executor, source: str, **arguments: Any) -> Result:
    return await executor.execute(source, scope=INSPECTOR, context=None, **arguments)


async def test_data_is_returned_without_errors(executor: Executor) -> None:
    result = await run(executor, "{ house { address price neighbours { address } } }")
    house = {
        "address": "1 Elm",
        "price": "1.50",
        "neighbours": [{"address": "2 Elm"}, {"address": "3 Elm"}],
    }
    assert result.as_response() == {"data": {"house": house}}


async def test_a_refusal_keeps_its_sentence_its_code_and_its_field(executor: Executor) -> None:
    result = await run(executor, "{ refusing hello }")
    extensions = {"code": "INVALID_INPUT", "field": ["input", "color"]}
    assert result.errors == [{"message": "There is no paint left.", "extensions": extensions, "path": ["refusing"]}]
    assert result.data == {"refusing": None, "hello": "world"}


async def test_a_fault_is_masked_and_logged_once_under_its_reference(executor: Executor) -> None:
    source = 'query Fails { broken again: broken node(id: "literal-secret") { id } }'
    with capture_logs() as logs:
        result = await run(executor, source, variables={"unused": "variable-secret"})
    references = {error["extensions"]["reference"] for error in result.errors}
    assert len(references) == 1
    reference = references.pop()
    assert result.errors[0]["message"] == f"Something went wrong on our side. Reference: {reference}"
    assert "hunter2" not in str(result.as_response())
    assert [entry["event"] for entry in logs] == ["operation_failed", "operation_failed"]  # Two faults, two raises.
    assert logs[0]["reference"] == reference
    assert logs[0]["operation_name"] == "Fails"
    assert "RuntimeError" in logs[0]["exception"]
    assert "toy.py" in logs[0]["exception"]
    assert "literal-secret" not in str(logs)
    assert "variable-secret" not in str(logs)


async def test_what_postgresql_quotes_of_a_row_is_not_logged(executor: Executor) -> None:
    with capture_logs() as logs:
        await run(executor, "{ duplicate }")
    assert "duplicate key value" in logs[0]["exception"]
    assert ANN not in str(logs)


async def test_graphql_cores_own_faults_are_masked_too(executor: Executor) -> None:
    with capture_logs() as logs:
        result = await run(executor, "{ missing }")
    assert result.data is None
    assert result.outcome is Outcome.EXECUTED
    assert result.errors[0]["extensions"]["code"] == "INTERNAL"
    assert len(logs) == 1


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ({"color": "red", "at": 1.5}, "Variable '$input' has invalid value at .at: A DateTime is an ISO-8601 string"),
        (
            {"color": "red", "at": "2026-01-01T00:00"},
            "Variable '$input' has invalid value at .at: A DateTime needs its",
        ),
        ({"amount": "1"}, "Variable '$input' has invalid value: Expected value of type 'PaintInput' to include"),
        ({"color": "red", "colour": "red"}, "Variable '$input' has invalid value: Expected value of type 'PaintInput'"),
        ({"color": None}, "Variable '$input' has invalid value at .color: Expected value of non-null type 'String!'"),
        (None, "Variable '$input' has invalid value: Expected value of non-null type 'PaintInput!' not to be"),
    ],
)
async def test_variables_that_do_not_fit_are_named(executor: Executor, value: object, sentence: str) -> None:
    result = await run(executor, PAINT, variables={"input": value})
    assert result.outcome is Outcome.REFUSED
    assert result.errors[0]["message"].startswith(sentence)
    assert result.errors[0]["extensions"]["code"] == "MALFORMED_OPERATION"


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("{ hello ", "Syntax Error: Expected Name, found <EOF>."),
        ("{ helo }", "Cannot query field 'helo' on type 'Query'."),
        ("{ currency(mood: CALMLY) }", "mood has an invalid value: This value does not exist in 'Mood' enum."),
        ('mutation { paint(input: {color: "x", at: 1}) }', "input.at has an invalid value: A DateTime is an ISO-8601"),
        ('mutation { paint(input: {color: "\\u0000"}) }', "input.color has an invalid value: A string may not hold"),
        ("subscription { count }", "Subscriptions run over a websocket, not over HTTP."),
        ("query A { hello } query B { hello }", "The document has several operations; say in operationName"),
        ("fragment F on House { id }", "Fragment 'F' is never used."),
    ],
)
async def test_malformed_documents_are_refused_without_suggestions(
    executor: Executor, source: str, sentence: str
) -> None:
    result = await run(executor, source)
    assert result.errors[0]["message"].startswith(sentence)
    assert "Did you mean" not in str(result.errors)
    assert {error["extensions"]["code"] for error in result.errors} == {"MALFORMED_OPERATION"}
    assert "data" not in result.as_response()


async def test_the_named_operation_runs(executor: Executor) -> None:
    source = "query A { hello } query B { b: hello }"
    assert (await run(executor, source, operation_name="B")).data == {"b": "world"}
    result = await run(executor, source, operation_name="C")
    assert result.errors[0]["message"] == "The document has no operation named C."


async def test_a_mutation_is_not_run_where_none_are_allowed(executor: Executor) -> None:
    result = await run(executor, 'mutation { paint(input: {color: "red"}) }', allow_mutations=False)
    assert result.outcome is Outcome.NOT_A_QUERY
    assert "data" not in result.as_response()


async def test_an_operation_that_takes_too_long_is_stopped(api: Api) -> None:
    executor = Executor(api, introspection=False, query_seconds_max=0.05)
    STOPPED.clear()
    with capture_logs() as logs:
        result = await run(executor, "{ slow }")
    assert STOPPED == ["slow"]
    assert result.errors[0]["message"].startswith("The operation was stopped after 0.05 seconds. Reference: ")
    assert logs[0]["event"] == "operation_timed_out"


async def test_cancellation_is_not_swallowed(executor: Executor) -> None:
    STOPPED.clear()
    task = asyncio.create_task(run(executor, "{ slow }"))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert STOPPED == ["slow"]


async def test_the_total_is_counted_only_when_it_is_selected(executor: Executor) -> None:
    COUNTED.clear()
    await run(executor, "{ houses { nodes { id } pageInfo { hasNextPage } } }")
    assert COUNTED == []
    result = await run(executor, "{ houses { totalCount } }")
    assert COUNTED == ["houses"]
    assert result.data == {"houses": {"totalCount": 3}}


@pytest.mark.parametrize("selection", ["fragile", "weight fragile", "fragile weight"])
async def test_a_long_list_that_fails_fails_as_a_whole_and_leaves_nothing_running(
    executor: Executor, selection: str
) -> None:
    before = asyncio.all_tasks()
    result = await run(executor, f"{{ city {{ bricks {{ {selection} }} }} }}")
    assert result.data is None
    (error,) = result.errors
    assert error["message"] == "This brick broke."
    assert error["path"] == ["city", "bricks", 4_000, "fragile"]
    await asyncio.sleep(0.1)
    gc.collect()  # A coroutine that nobody awaited would warn now, and warnings are errors.
    assert asyncio.all_tasks() <= before


async def test_awaited_items_of_a_long_list_keep_their_order(executor: Executor) -> None:
    result = await run(executor, "{ city { bricks { weight } } }")
    assert result.data == {"city": {"bricks": [{"weight": number} for number in range(5_000)]}}


async def test_only_coroutines_and_futures_are_awaited() -> None:
    class Row:
        """Like Tortoise's models, relations and query sets, which can be awaited but are not meant to be."""

        def __await__(self) -> Any:
            raise AssertionError("a row was awaited")

    async def coroutine() -> None:
        pass

    begun = coroutine()
    assert is_awaitable(begun)
    await begun
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    assert is_awaitable(future)
    assert not is_awaitable(Row())
    assert not is_awaitable("text")


async def test_documents_are_kept_for_each_scope(executor: Executor) -> None:
    source = "{ house { secret } }"
    first = executor.documents.prepare(source, INSPECTOR)
    assert executor.documents.prepare(source, INSPECTOR) is first
    assert executor.documents.prepare(source, None).document is None
    assert first.document is not None


async def test_the_cache_is_bounded_in_documents_and_in_characters(executor: Executor) -> None:
    documents = executor.documents
    for number in range(1_200):
        documents.prepare(f"query Q{number} {{ hello }}", None)
    assert len(documents.kept) == 1_000
    assert ("query Q199 { hello }", None) not in documents.kept
    for number in range(70):
        documents.prepare(f"query Q{number} {{ hello }}".ljust(16_000), None)
    assert documents.characters == sum(len(source) for source, _ in documents.kept) <= 1024 * 1024
    documents.prepare("{ hello }".ljust(20_000), None)
    assert all(len(source) < 17_000 for source, _ in documents.kept)
