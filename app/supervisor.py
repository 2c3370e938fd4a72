"""Several processes of one command: each is replaced when it dies, and all of them one by one when that is asked for.

uvicorn's own supervisor serves HTTP alone, pickles the application, replaces what dies at once however often it does,
and leaves its children running when it is killed itself.
"""

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from typing import Final

import structlog

READY: Final = b"+"
BEAT: Final = b"."
HEARD_BYTES_MAX: Final = 4096
READY_SECONDS_MAX: Final = 30.0
"""How long a process may take until it serves."""

STOP_SECONDS_MAX: Final = 40.0
"""How long one may take to stop, after which it is killed: its requests and jobs get thirty seconds."""

PAUSE_SECONDS_MIN: Final = 0.2
PAUSE_SECONDS_MAX: Final = 20.0
STEADY_SECONDS: Final = 60.0
"""Who dies is replaced after a pause, twice as long each time, until one has lived this long."""

log = structlog.get_logger(__name__)


class DidNotStart(Exception):
    """A process ended, or said nothing, before it ever served."""


class Child:
    """One process. It tells that it serves on a socket whose end it takes for ours."""

    def __init__(self, process: asyncio.subprocess.Process, ours: socket.socket) -> None:
        self.process = process
        self.ours = ours
        self.since = self.heard_at = asyncio.get_running_loop().time()

    async def until_ready(self) -> bool:
        """Whether it serves, once that is known."""
        loop = asyncio.get_running_loop()
        with contextlib.suppress(TimeoutError, OSError):
            async with asyncio.timeout(READY_SECONDS_MAX):
                return await loop.sock_recv(self.ours, 1) == READY
        return False

    def listen(self) -> None:
        """Hear its heartbeats from now on."""
        asyncio.get_running_loop().add_reader(self.ours, self._hear)

    def _hear(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            heard = self.ours.recv(HEARD_BYTES_MAX)
        except BlockingIOError:
            return
        except OSError:
            heard = b""
        if heard:
            self.heard_at = loop.time()
        else:
            loop.remove_reader(self.ours)

    async def stop(self) -> None:
        """Let it finish what it does, for as long as it may. Safe to repeat."""
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        try:
            async with asyncio.timeout(STOP_SECONDS_MAX):
                await self.process.wait()
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        """End it now."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.ended()

    async def ended(self) -> int:
        """Its exit status, once it has one."""
        status = await self.process.wait()
        if self.ours.fileno() >= 0:
            asyncio.get_running_loop().remove_reader(self.ours)
        self.ours.close()
        return status


class Supervisor:
    """Keeps `number` processes of `python -m app` with these arguments; `inherited` are sockets that they share."""

    def __init__(
        self,
        *arguments: str,
        number: int,
        inherited: Sequence[socket.socket] = (),
        ended: Callable[[int], None] = lambda _: None,
    ) -> None:
        """`ended` is told of each process that ends, by its id."""
        self.ended = ended
        self.arguments = arguments
        self.inherited = [each.fileno() for each in inherited]
        self.children: list[Child | None] = [None] * number
        self.stopping = asyncio.Event()
        self.starting = asyncio.Lock()
        self.replacing: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Until SIGTERM or SIGINT; SIGHUP replaces all. Raises DidNotStart when the first processes do not serve."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stopping.set)
        loop.add_signal_handler(signal.SIGHUP, self._replace_soon)
        keeping: list[asyncio.Task[None]] = []
        try:
            await self._start_all()
            keeping = [asyncio.create_task(self._keep(place)) for place in range(len(self.children))]
            await self.stopping.wait()
        finally:
            self.stopping.set()
            for task in (*keeping, *([self.replacing] if self.replacing else [])):
                task.cancel()
            await asyncio.gather(*keeping, return_exceptions=True)
            await asyncio.gather(*(child.stop() for child in self.children if child is not None))

    async def _start_all(self) -> None:
        for place in range(len(self.children)):
            self.children[place] = await self._start()
        for child in self.children:
            assert child is not None, "all are started"
            if not await child.until_ready() and not self.stopping.is_set():
                log.error("process_did_not_start", process=child.process.pid, status=child.process.returncode)
                raise DidNotStart
            child.listen()
        log.info("processes_ready", number=len(self.children))

    async def _start(self) -> Child:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        command = [sys.executable, "-m", "app", *self.arguments, "--supervised", str(theirs.fileno())]
        try:
            process = await asyncio.create_subprocess_exec(*command, pass_fds=[*self.inherited, theirs.fileno()])
        finally:
            theirs.close()
        log.info("process_started", process=process.pid)
        return Child(process, ours)

    async def _keep(self, place: int) -> None:
        """Have one process in this place at any time."""
        pause = PAUSE_SECONDS_MIN
        while True:
            child = self.children[place]
            assert child is not None, "all places are filled before they are kept"
            status = await child.ended()
            self.ended(child.process.pid)
            if self.children[place] is not child:
                continue  # It was replaced.
            lived = asyncio.get_running_loop().time() - child.since
            pause = PAUSE_SECONDS_MIN if lived >= STEADY_SECONDS else min(pause * 2, PAUSE_SECONDS_MAX)
            log.error("process_died", process=child.process.pid, status=status, pause_seconds=pause)
            await asyncio.sleep(pause)
            async with self.starting:
                if self.children[place] is child:
                    started = self.children[place] = await self._start()
                    asyncio.create_task(self._listen_when_ready(started))  # noqa: RUF006 - it ends by itself

    async def _listen_when_ready(self, child: Child) -> None:
        if await child.until_ready():
            child.listen()

    def silent(self, seconds: float) -> int:
        """How many of the processes have said nothing for so long."""
        now = asyncio.get_running_loop().time()
        return sum(child is None or now - child.heard_at > seconds for child in self.children)

    def _replace_soon(self) -> None:
        if self.replacing is None or self.replacing.done():
            self.replacing = asyncio.create_task(self._replace_all())

    async def _replace_all(self) -> None:
        """One by one: a new process serves before an old one stops. If one does not, the rest stay as they are."""
        for place in range(len(self.children)):
            async with self.starting:
                old, new = self.children[place], await self._start()
                try:
                    ready = await new.until_ready()
                except asyncio.CancelledError:
                    await new.stop()
                    raise
                if not ready:
                    await new.kill()
                    log.error("process_not_replaced", process=new.process.pid)
                    return
                new.listen()
                self.children[place] = new
            assert old is not None, "all places are filled before they are replaced"
            await old.stop()
        log.info("processes_replaced", number=len(self.children))


class Supervised:
    """The other end: what a process tells its supervisor, and how it learns that there is none any more."""

    def __init__(self, descriptor: int) -> None:
        self.socket = socket.socket(fileno=descriptor)
        self.socket.setblocking(False)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # A terminal that closes tells the whole group.

    def ready(self) -> None:
        """Say that this process serves."""
        with contextlib.suppress(OSError):
            self.socket.send(READY)

    def beat(self) -> None:
        """Say that this process does its work."""
        with contextlib.suppress(OSError):
            self.socket.send(BEAT)

    async def orphaned(self) -> None:
        """Wait until the supervisor is gone, however it went."""
        with contextlib.suppress(OSError):
            await asyncio.get_running_loop().sock_recv(self.socket, 1)
