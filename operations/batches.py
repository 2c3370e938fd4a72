"""Working off what is due: as many rows at a time as asked for, claimed as there is room, written back together."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from time import monotonic
from typing import Generic, TypeVar

Row = TypeVar("Row")
Item = TypeVar("Item")
Written = TypeVar("Written")


async def work_off(
    claim: Callable[[int], Awaitable[Sequence[Row]]],
    work: Callable[[Row], Awaitable[None]],
    *,
    at_once: int,
    limit: int,
    claim_seconds_max: float,
) -> int:
    """Do the work for every row that `claim` gives, until it gives none; returns how many there were.

    Nothing is claimed beyond `limit` rows, nor after `claim_seconds_max`: what was claimed by then is still finished.
    One that fails stops the claiming, is raised when the others have ended, and keeps none of them from ending.
    """
    ends = monotonic() + claim_seconds_max
    running: set[asyncio.Task[None]] = set()
    claimed, faults, is_more = 0, list[BaseException](), True
    try:
        while True:
            room = min(at_once - len(running), limit - claimed)
            if is_more and room > 0 and (room >= at_once // 2 or not running):
                rows = await claim(room)
                claimed += len(rows)
                running |= {asyncio.create_task(_run(work, row)) for row in rows}
                is_more = bool(rows)
            if not running:
                break
            ended, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            faults += [fault for task in ended if (fault := task.exception())]
            is_more = is_more and not faults and monotonic() < ends
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    if faults:
        raise faults[0]
    return claimed


async def _run(work: Callable[[Row], Awaitable[None]], row: Row) -> None:
    await work(row)


class Batch(Generic[Item, Written]):
    """Writes what many tasks have to write in few statements: while one is under way, what comes is for the next."""

    def __init__(self, write: Callable[[list[Item]], Awaitable[Sequence[Written]]]) -> None:
        """`write` answers for each item, in their order."""
        self._write = write
        self._waiting: list[tuple[Item, asyncio.Future[Written]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def add(self, item: Item) -> Written:
        """Have the item written, and wait until it is. Raises what kept its statement from being run."""
        written: asyncio.Future[Written] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, written))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all())
        return await written

    async def _write_all(self) -> None:
        while self._waiting:
            await asyncio.sleep(0)  # Whoever is ready too joins.
            batch, self._waiting = self._waiting, []
            try:
                answers = await self._write([item for item, _ in batch])
            except Exception as fault:  # Whatever it is: each of them has to know.
                for _, written in batch:
                    if not written.done():
                        written.set_exception(fault)
            else:
                for (_, written), answer in zip(batch, answers, strict=True):
                    if not written.done():
                        written.set_result(answer)
        self._writing = None
