"""Taking connections from a listening socket that several processes share, so that each gets its part."""

import asyncio
import socket
from collections.abc import Callable
from typing import Final

import structlog

TURN_SECONDS: Final = 0.001
"""After a connection: time for another process to wake up and take the next."""

PAUSE_SECONDS: Final = 1.0
"""After the system had no room for one more connection."""

log = structlog.get_logger(__name__)


class Acceptor:
    """Takes one connection at a time; it stands where uvicorn keeps an asyncio server.

    A server of uvloop takes all that are waiting: of two processes the first to wake up had sixteen of sixteen.
    """

    def __init__(self, listening: socket.socket, make_protocol: Callable[[], asyncio.Protocol]) -> None:
        self.listening = listening
        self.make_protocol = make_protocol
        self.accepting: set[asyncio.Task[object]] = set()
        self.loop = asyncio.get_running_loop()
        self.pause: asyncio.TimerHandle | None = None
        listening.setblocking(False)
        self._go_on()

    def close(self) -> None:
        """Take no more."""
        if self.pause is not None:
            self.pause.cancel()
        self.loop.remove_reader(self.listening.fileno())

    async def wait_closed(self) -> None:
        """Until those that were taken last have their protocol."""
        await asyncio.gather(*self.accepting, return_exceptions=True)

    def _go_on(self) -> None:
        self.loop.add_reader(self.listening.fileno(), self._accept)

    def _wait(self, seconds: float) -> None:
        self.loop.remove_reader(self.listening.fileno())
        self.pause = self.loop.call_later(seconds, self._go_on)

    def _accept(self) -> None:
        try:
            connection, _ = self.listening.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return  # Another process was faster, or the client is gone.
        except OSError as fault:
            log.warning("connection_not_accepted", fault=str(fault))
            self._wait(PAUSE_SECONDS)
            return
        self._wait(TURN_SECONDS)
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        task: asyncio.Task[object] = self.loop.create_task(
            self.loop.connect_accepted_socket(self.make_protocol, connection)
        )
        self.accepting.add(task)
        task.add_done_callback(self.accepting.discard)
