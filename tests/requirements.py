"""Counts the requirements of docs/requirements.md that have passing tests: a test's docstring ends with their names."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[1] / "docs" / "requirements.md"
PROPERTY = "requirements"

_LINE = re.compile(r"^- \*\*(S\d+)\*\* ", re.MULTILINE)
_PLANNED = "\n## Planned\n"
_SENTENCE = re.compile(r"[^(]+ \((S\d+(?:, S\d+)*)\)\.")


def listed_requirements(page: str) -> tuple[list[str], list[str]]:
    """The numbers of the lines that a page lists in force, and of those it lists as planned, each in numeric order."""
    in_force, _, planned = page.partition(_PLANNED)
    listed = [sorted(_LINE.findall(part), key=lambda name: int(name[1:])) for part in (in_force, planned)]
    return listed[0], listed[1]


REQUIREMENTS, PLANNED = listed_requirements(PAGE.read_text(encoding="utf-8"))


@dataclass(slots=True)
class Coverage:
    """What became of the tests that name requirements."""

    passed: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)

    def note(self, names: Sequence[str], *, when: str, outcome: str) -> None:
        """Note one phase of one test. A failure in any phase, also while tidying up, counts."""
        if outcome == "failed":
            self.failed.update(names)
        elif outcome == "passed" and when == "call":
            self.passed.update(names)

    @property
    def covered(self) -> list[str]:
        """The requirements that have a passing test and no failing one."""
        return [name for name in REQUIREMENTS if name in self.passed - self.failed]

    @property
    def uncovered(self) -> list[str]:
        """The others."""
        return [name for name in REQUIREMENTS if name not in self.covered]


COVERAGE = pytest.StashKey[Coverage]()


def named_requirements(docstring: str | None) -> list[str]:
    """The requirements that a test's docstring names: its first paragraph is `What it proves (S12, S37).`"""
    first = " ".join((docstring or "").strip().partition("\n\n")[0].split())
    sentence = _SENTENCE.fullmatch(first)
    return sentence[1].split(", ") if sentence else []


def pytest_configure(config: pytest.Config) -> None:
    """Begin to count."""
    config.stash[COVERAGE] = Coverage()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the names where reports carry them, also from pytest-xdist's workers. A misspelt number is an error."""
    for item in items:
        names = named_requirements(getattr(getattr(item, "function", None), "__doc__", None))
        if unknown := [name for name in names if name not in (*REQUIREMENTS, *PLANNED)]:
            raise pytest.UsageError(f"{item.nodeid} names {unknown[0]}, which docs/requirements.md does not have.")
        if names:
            item.user_properties.append((PROPERTY, ", ".join(names)))


class Counter:
    """Listens to reports on behalf of one run."""

    def __init__(self, coverage: Coverage) -> None:
        self.coverage = coverage

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note the report's requirements."""
        for name, value in report.user_properties:
            if name == PROPERTY:
                self.coverage.note(str(value).split(", "), when=report.when, outcome=report.outcome)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Listen with the run's own count: reports don't say which run they belong to."""
    session.config.pluginmanager.register(Counter(session.config.stash[COVERAGE]))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say how many requirements are covered, and which are not."""
    coverage = config.stash[COVERAGE]
    if coverage.passed or coverage.failed:
        for line in summary(coverage):
            terminalreporter.write_line(line)


def summary(coverage: Coverage) -> list[str]:
    """The lines that end a run."""
    counted = f"Requirements: {len(coverage.covered)} of {len(REQUIREMENTS)} S lines covered by passing tests"
    lines = [counted]
    if coverage.uncovered:
        lines.append(f"Without a passing test: {', '.join(coverage.uncovered)}")
    if PLANNED:
        lines.append(f"Planned, not counted: {len(PLANNED)} ({', '.join(PLANNED)})")
    return lines
