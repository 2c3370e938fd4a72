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
