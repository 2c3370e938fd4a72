"""How the process logs: a JSON object a line in production, readable lines in development, a secret in neither."""

import logging
import sys
from collections.abc import MutableMapping
from enum import StrEnum
from typing import Any, TextIO

import structlog

CHATTY = ("arq", "tortoise", "httpx", "httpcore", "stripe", "uvicorn.error")
"""What these say at INFO is said better, or not worth saying: only their warnings are kept."""


class LogFormat(StrEnum):
    """How a log line looks."""

    JSON = "json"
    READABLE = "readable"


def configure_logs(level: str, form: LogFormat, *, stream: TextIO | None = None) -> None:
    """Send everything that is logged, by libraries too, to `stream` (standard output) in one form."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,  # A plain traceback: without local variables, which hold secrets.
        without_rows,
    ]
    last: Any = (
        structlog.processors.JSONRenderer()
        if form is LogFormat.JSON
        else structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


def without_rows(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take PostgreSQL's DETAIL lines out of a traceback: they quote rows, and rows hold personal data."""
    shown = event.get("exception")
    if isinstance(shown, str):
        event["exception"] = "\n".join(line for line in shown.splitlines() if not line.startswith("DETAIL:"))
    return event
