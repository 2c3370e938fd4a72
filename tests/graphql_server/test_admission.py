"""Admission: so many at once, the rest in turn, and a refusal for who would wait too long."""

import asyncio

import pytest

from graphql_server.http.admission import WAITING_MAX, Admission, Busy, Gate


async def held(gate: Gate, seconds: float) -> None:
    await gate.enter()
    try:
        await asyncio.sleep(seconds)
    finally:
        gate.leave()


async def test_no_more_enter_than_there_are_places() -> None:
    gate, inside, most = Gate(3), 0, 0

    async def work() -> None:
        nonlocal inside, most
        await gate.enter()
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0.001)
        inside -= 1
        gate.leave()

    await asyncio.gather(*(work() for _ in range(50)))
    assert (most, gate.free) == (3, 3)


async def test_places_are_given_in_turn() -> None:
    gate, order = Gate(1), []

    async def work(number: int) -> None:
        await gate.enter()
        order.append(number)
        await asyncio.sleep(0)
        gate.leave()

    await asyncio.gather(*(work(number) for number in range(20)))
    assert order == [*range(20)]


async def test_who_waits_too_long_is_refused_and_takes_no_place_later() -> None:
    gate = Gate(1, wait_seconds_max=0.05)
    holding = asyncio.create_task(held(gate, 0.3))
    await asyncio.sleep(0)
    with pytest.raises(Busy) as refused:
        await gate.enter()
    assert (refused.value.code, refused.value.retry_after_seconds) == ("BUSY", 1)
    await holding
    assert gate.free == 1


async def test_the_queue_is_bounded() -> None:
    gate = Gate(1)
    await gate.enter()
    waiting = [asyncio.create_task(gate.enter()) for _ in range(WAITING_MAX)]
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await gate.enter()
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    gate.leave()
    assert gate.free == 1


async def test_a_place_that_comes_to_who_is_gone_goes_on_to_the_next() -> None:
    gate = Gate(1)
    await gate.enter()
    first, second = asyncio.create_task(gate.enter()), asyncio.create_task(gate.enter())
    await asyncio.sleep(0)
    gate.leave()  # The first has its place, and has not run since.
    first.cancel()
    await asyncio.wait_for(second, 1)
    gate.leave()
    assert first.cancelled()
    assert gate.free == 1


@pytest.mark.parametrize(
    ("source", "waits_with_mutations"),
    [
        ("{ hello }", False),
        ("mutation { paint }", True),
        ("query A { a } mutation B { b }", True),
        ("# mutation", True),
    ],
)
def test_queries_do_not_wait_behind_mutations(source: str, waits_with_mutations: bool) -> None:
    admission = Admission()
    assert (admission.gate(source) is admission.mutations) is waits_with_mutations
