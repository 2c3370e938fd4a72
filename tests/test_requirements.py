"""The count of covered requirements: what counts, what takes it away, and that it works over several workers."""

from pathlib import Path

import pytest

from tests.requirements import PLANNED, REQUIREMENTS, Coverage, listed_requirements, named_requirements, summary

pytest_plugins = ["pytester"]

TESTS = '''
import pytest


def test_first():
    """Both hold (S12, S37)."""


def test_second():
    """One holds (S12).

    In more words.
    """


def test_skipped():
    """Another (S1)."""
    pytest.skip("not today")


def test_that_speaks_of_s3_storage():
    """S3 storage is another thing."""
'''
FAILING = '''
def test_third():
    """It fails (S37)."""
    assert False
'''
FAILING_LATE = '''
import pytest


@pytest.fixture
def untidy():
    yield
    raise RuntimeError("could not tidy up")


def test_fourth(untidy):
    """It is untidy (S12)."""
'''


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[1]))
    monkeypatch.setenv("PYTEST_PLUGINS", "tests.requirements")
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    return pytester


def requirements_of(result: pytest.RunResult) -> tuple[str, list[str]]:
    count = next(line for line in result.outlines if line.startswith("Requirements:"))
    (missing,) = [line for line in result.outlines if line.startswith("Without a passing test: ")]
    return count, missing.removeprefix("Without a passing test: ").split(", ")


def test_a_docstring_ends_its_first_paragraph_with_requirements() -> None:
    assert named_requirements("A payer cannot pay a draft (S12, S37).") == ["S12", "S37"]
    assert named_requirements("A payer cannot pay\n    a draft (S12).\n\n    And why.") == ["S12"]
    bare = ("S12", "S12, S37", "S12 and S37")
    for prose in (None, "", *bare, "Some text about S12.", "S3 storage", "A (S12) payer.", "Paid (S12). More."):
        assert named_requirements(prose) == []


@pytest.mark.parametrize("workers", ["0", "2"])
def test_passing_tests_are_counted_also_over_workers(run: pytest.Pytester, workers: str) -> None:
    run.makepyfile(test_some=TESTS)
    count, missing = requirements_of(run.runpytest_subprocess("-n", workers))
    assert count == f"Requirements: 2 of {len(REQUIREMENTS)} S lines covered by passing tests"
    assert missing == [name for name in REQUIREMENTS if name not in ("S12", "S37")]


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_failing_test_removes_coverage(run: pytest.Pytester, workers: str) -> None:
    run.makepyfile(test_some=TESTS, test_more=FAILING)
    count, missing = requirements_of(run.runpytest_subprocess("-n", workers))
    assert count == f"Requirements: 1 of {len(REQUIREMENTS)} S lines covered by passing tests"
    assert "S37" in missing
    assert "S12" not in missing


def test_a_failure_while_tidying_up_removes_coverage(run: pytest.Pytester) -> None:
    run.makepyfile(test_some=TESTS, test_late=FAILING_LATE)
    count, missing = requirements_of(run.runpytest_subprocess())
    assert count == f"Requirements: 1 of {len(REQUIREMENTS)} S lines covered by passing tests"
    assert "S12" in missing


def test_an_unknown_requirement_is_an_error(run: pytest.Pytester) -> None:
    run.makepyfile(test_some='def test_it():\n    """Nobody knows (S99)."""\n')
    result = run.runpytest_subprocess()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "names S99, which docs/requirements.md does not have" in result.stderr.str() + result.stdout.str()


def test_tests_without_requirements_say_nothing_of_them(run: pytest.Pytester) -> None:
    run.makepyfile(test_some="def test_it():\n    pass\n")
    assert "Requirements" not in run.runpytest_subprocess().stdout.str()


def test_a_planned_requirement_may_be_named_and_does_not_count(run: pytest.Pytester) -> None:
    planned = PLANNED[0]
    run.makepyfile(test_some=f'def test_it():\n    """Soon ({planned})."""\n')
    result = run.runpytest_subprocess()
    assert result.ret == pytest.ExitCode.OK
    count, missing = requirements_of(result)
    assert count == f"Requirements: 0 of {len(REQUIREMENTS)} S lines covered by passing tests"
    assert missing == REQUIREMENTS
    assert f"Planned, not counted: {len(PLANNED)} ({', '.join(PLANNED)})" in result.outlines


def test_the_page_says_what_is_in_force_and_what_is_planned() -> None:
    page = "# Page\n\n- **S10** Two.\n- **S2** One, like **S9**.\n\n## Planned\n\n- **S3** Later.\n"
    assert listed_requirements(page) == (["S2", "S10"], ["S3"])
    assert len({*REQUIREMENTS, *PLANNED}) == len(REQUIREMENTS) + len(PLANNED)
    assert {"S1", "S53"} <= set(REQUIREMENTS)


def test_all_covered_names_none_that_is_missing() -> None:
    count = len(REQUIREMENTS)
    first, *more = summary(Coverage(passed=set(REQUIREMENTS)))
    assert first == f"Requirements: {count} of {count} S lines covered by passing tests"
    assert not [line for line in more if line.startswith("Without")]
