"""How the process logs: a JSON object a line in production, readable lines in development, a secret in neither."""

import contextlib
import json
import logging
import sys
from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final, TextIO

import structlog
from structlog.typing import EventDict

CHATTY = ("arq", "tortoise", "httpx", "httpcore", "stripe", "uvicorn.error")
"""What these say at INFO is said better, or not worth saying: only their warnings are kept."""

LINE_BYTES_MAX: Final = 8 * 1024
"""What is logged may quote what somebody sent, however long; a line is never longer than this."""

VALUE_CHARACTERS: Final = (4_000, 1_000, 200, 40)
"""How much is kept of each value, at first and when the line is still too long; a character may take twelve bytes."""

ALWAYS_KEPT: Final = ("event", "level", "timestamp", "request_id")

_encode: Final = json.JSONEncoder(default=repr).encode

Render = Callable[[object, str, EventDict], str]


class LogFormat(StrEnum):
    """How a log line looks."""

    JSON = "json"
    READABLE = "readable"


class _Lines:
    """Where our own lines go: straight to the stream, which costs a third of the way through `logging`."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def msg(self, line: str) -> None:
        """Write one line. What can't be written is lost: nothing fails because a log does."""
        with contextlib.suppress(OSError, ValueError):
            self.stream.write(line + "\n")
            self.stream.flush()

    debug = info = warning = error = critical = msg


def configure_logs(level: str, form: LogFormat, *, stream: TextIO | None = None) -> None:
    """Send everything that is logged, by libraries too, to `stream` (standard output) in one form."""
    output = stream or sys.stdout
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,  # A plain traceback: without local variables, which hold secrets.
        without_rows,
    ]
    render: Any = (
        structlog.processors.JSONRenderer(lambda event, **_: _encode(event))
        if form is LogFormat.JSON
        else structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    )
    structlog.configure(
        processors=[*shared, bounded(render)],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: lines,
        cache_logger_on_first_use=False,
    )
    lines = _Lines(output)
    handler = logging.StreamHandler(output)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, bounded(render)],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


def bounded(render: Render) -> Render:
    """As `render`, but no line is longer than LINE_BYTES_MAX: of long values the beginning and the end are kept."""

    def render_bounded(logger: object, method: str, event: EventDict) -> str:
        for kept in VALUE_CHARACTERS:
            line = render(
                logger,
                method,
                {
                    name: value if type(value) is str and len(value) <= kept else shortened(value, kept)
                    for name, value in event.items()
                },
            )
            if len(line.encode(errors="replace")) <= LINE_BYTES_MAX:
                return line
        least = {name: shortened(event[name], VALUE_CHARACTERS[-1]) for name in ALWAYS_KEPT if name in event}
        return render(logger, method, least)

    return render_bounded


def shortened(value: object, characters: int) -> object:
    """The value, or as much of the beginning and the end of how it is written."""
    if value is None or isinstance(value, bool | float):
        return value
    try:
        text = value if isinstance(value, str) else repr(value)
    except ValueError:  # Python writes no number of more than 4,300 digits.
        return f"<{type(value).__name__} that cannot be written>"
    if len(text) <= characters:
        return value
    half = characters // 2
    return f"{text[:half]} … {len(text) - 2 * half} characters left out … {text[-half:]}"


def without_rows(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Take PostgreSQL's DETAIL lines out of a traceback: they quote rows, and rows hold personal data."""
    shown = event.get("exception")
    if isinstance(shown, str):
        event["exception"] = "\n".join(line for line in shown.splitlines() if not line.startswith("DETAIL:"))
    return event
