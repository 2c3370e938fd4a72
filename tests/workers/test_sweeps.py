"""Sweeps: each worker works off what is due by itself."""

import asyncio

import pytest

from workers import sweeps
from workers.sweeps import Sweep


async def test_a_sweep_goes_on_until_nothing_is_due_and_never_twice_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeps, "SWEEP_SECONDS", 60.0)
    due, running, most = [3, 2, 0, 1, 0], 0, 0

    async def work(_: object) -> int:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.01)
        running -= 1
        return due.pop(0)

    sweep = Sweep(work, {})
    sweep.start()
    await asyncio.sleep(0.2)
    assert due == [1, 0]
    sweep.ask()
    sweep.ask()
    await asyncio.sleep(0.2)
    assert due == []
    await sweep.stop()
    assert most == 1


async def test_a_sweep_looks_without_being_asked_and_after_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeps, "SWEEP_SECONDS", 0.05)
    swept = 0

    async def work(_: object) -> None:
        nonlocal swept
        swept += 1
        raise KeyError("what is wrong stays in the log")

    sweep = Sweep(work, {})
    sweep.start()
    await asyncio.sleep(0.5)
    await sweep.stop()
    assert swept > 2


async def test_stopping_lets_what_is_under_way_finish() -> None:
    done = False

    async def work(_: object) -> None:
        nonlocal done
        await asyncio.sleep(0.2)
        done = True

    sweep = Sweep(work, {})
    sweep.start()
    await asyncio.sleep(0.05)
    await sweep.stop()
    assert done
