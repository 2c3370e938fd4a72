"""Working off what is due, and writing in batches."""

import asyncio
from collections.abc import Sequence

import pytest

from operations.batches import Batch, work_off


class Due:
    """Numbers that wait, and how many were worked on at a time."""

    def __init__(self, number: int) -> None:
        self.waiting = list(range(number))
        self.claims: list[int] = []
        self.done: list[int] = []
        self.running = self.running_max = 0

    async def claim(self, limit: int) -> list[int]:
        self.claims.append(limit)
        taken, self.waiting = self.waiting[:limit], self.waiting[limit:]
        return taken

    async def work(self, number: int) -> None:
        self.running += 1
        self.running_max = max(self.running_max, self.running)
        await asyncio.sleep(0.2 if number == 0 else 0.001)
        self.running -= 1
        self.done.append(number)
        if number == 5:
            raise KeyError(number)


async def test_everything_due_is_done_with_so_many_at_a_time() -> None:
    due = Due(5)
    assert await work_off(due.claim, due.work, at_once=4, limit=100, claim_seconds_max=5) == 5
    assert sorted(due.done) == list(range(5))
    assert due.running_max == 4
    assert due.done[-1] == 0, "a slow one holds up no other"


async def test_no_more_is_claimed_than_the_limit_nor_after_the_time() -> None:
    due = Due(100)
    assert await work_off(due.claim, due.work, at_once=4, limit=3, claim_seconds_max=5) == 3
    due = Due(100)
    assert await work_off(due.claim, due.work, at_once=4, limit=100, claim_seconds_max=0) == 4


async def test_a_fault_is_raised_when_the_others_have_ended() -> None:
    due = Due(100)
    with pytest.raises(KeyError):
        await work_off(due.claim, due.work, at_once=8, limit=100, claim_seconds_max=5)
    assert {0, 1, 2, 3, 4, 5, 6, 7} <= set(due.done)
    assert due.running == 0
    assert len(due.done) < 100


async def test_what_is_cancelled_leaves_no_work_behind() -> None:
    due = Due(1)
    working = asyncio.create_task(work_off(due.claim, due.work, at_once=4, limit=9, claim_seconds_max=5))
    await asyncio.sleep(0.05)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    await asyncio.sleep(0.3)
    assert due.done == []


async def test_what_many_write_at_once_is_written_in_few_batches() -> None:
    batches: list[list[int]] = []

    async def write(numbers: list[int]) -> Sequence[int]:
        batches.append(numbers)
        await asyncio.sleep(0.01)
        return [number * 2 for number in numbers]

    batch = Batch(write)
    assert await asyncio.gather(*(batch.add(number) for number in range(50))) == [2 * number for number in range(50)]
    assert len(batches) <= 2
    assert await batch.add(7) == 14


async def test_everybody_hears_that_a_batch_was_not_written() -> None:
    async def write(_: list[int]) -> Sequence[None]:
        raise OSError("gone")

    batch = Batch(write)
    answers = await asyncio.gather(*(batch.add(number) for number in range(3)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [OSError] * 3
