"""Logs: one JSON object a line from us and from libraries, and no secret or row in a traceback."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from app.logs import LogFormat, configure_logs


@pytest.fixture
def kept_logging() -> Iterator[None]:
    """Puts back what a test configures."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


ROW = "DETAIL:  Key (email)=(clara@people.test) already exists."
PASSWORD = "hunter2"


def fail_with_secrets(password: str, row: str) -> None:
    assert password
    raise ValueError(f"{'the row is wrong'.upper()}\n{row}")


@pytest.mark.usefixtures("kept_logging")
def test_every_line_is_one_json_object() -> None:
    stream = io.StringIO()
    configure_logs("INFO", LogFormat.JSON, stream=stream)
    with structlog.contextvars.bound_contextvars(request_id="abc-12345"):
        structlog.get_logger("app").info("request", path="/graphql")
    logging.getLogger("some.library").warning("told %s", "plainly")
    logging.getLogger("arq.worker").info("a job was run")
    ours, library = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (ours["event"], ours["path"], ours["request_id"], ours["level"]) == (
        "request",
        "/graphql",
        "abc-12345",
        "info",
    )
    assert (library["event"], library["level"]) == ("told plainly", "warning")


@pytest.mark.usefixtures("kept_logging")
@pytest.mark.parametrize("form", LogFormat)
def test_a_traceback_tells_neither_locals_nor_rows(form: LogFormat) -> None:
    stream = io.StringIO()
    configure_logs("INFO", form, stream=stream)
    try:
        fail_with_secrets(PASSWORD, ROW)
    except ValueError:
        structlog.get_logger("app").exception("failed")
        logging.getLogger("some.library").exception("failed too")
    written = stream.getvalue()
    assert written.count("THE ROW IS WRONG") == 2
    assert "fail_with_secrets" in written
    assert "clara@people.test" not in written
    assert PASSWORD not in written


AWKWARD = {
    "plain": "a" * 100_000,
    "as escapes": "\u0130\U0001f600" * 50_000,
    "control characters": "\x00\x1b\n" * 30_000,
    "half surrogates": "\ud800" * 50_000,
    "nested": {"a": ["b" * 50_000, {"c": "d" * 50_000}]},
    "a number": 10**4_000,
    "a number beyond what is written": 10**9_000,
    "bytes": b"\xff" * 50_000,
    "an exception": ValueError("e" * 100_000),
}


@pytest.mark.usefixtures("kept_logging")
@pytest.mark.parametrize("form", LogFormat)
@pytest.mark.parametrize("awkward", AWKWARD)
def test_no_line_is_longer_than_eight_kibibytes(form: LogFormat, awkward: str) -> None:
    """Whatever is logged, in whichever place, by us or by a library, the line is bounded and JSON stays JSON."""
    stream = io.StringIO()
    configure_logs("INFO", form, stream=stream)
    value = AWKWARD[awkward]
    with structlog.contextvars.bound_contextvars(request_id="abc-12345"):
        structlog.get_logger("app").info("request", first=value, second=value, third=value)
        structlog.get_logger("app").info("many", **{f"number_{n}": value for n in range(300)})
        structlog.get_logger("app").error("failed", path=value, exc_info=ValueError(str(awkward) + "!" * 90_000))
        logging.getLogger("some.library").warning("x" * 100_000)
    written = stream.getvalue()
    lines = written.splitlines() if form is LogFormat.JSON else [written[: len(written) // 4]]
    assert len(written.encode(errors="replace")) <= 4 * 8 * 1024
    if form is LogFormat.JSON:
        assert [len(line) <= 8 * 1024 for line in lines] == [True] * 4
        for line in map(json.loads, lines):
            assert line["request_id"] == "abc-12345"
            assert {"event", "level", "timestamp"} <= line.keys()


@pytest.mark.usefixtures("kept_logging")
def test_of_a_long_traceback_both_ends_are_kept() -> None:
    """Where it began and what it says in the end are worth more than what is between."""
    stream = io.StringIO()
    configure_logs("INFO", LogFormat.JSON, stream=stream)
    try:
        fail_with_secrets(PASSWORD, "x" * 50_000 + "the end of it")
    except ValueError:
        structlog.get_logger("app").exception("failed")
    shown = json.loads(stream.getvalue())["exception"]
    assert shown.startswith("Traceback (most recent call last)")
    assert shown.endswith("the end of it")
    assert "characters left out" in shown
