"""Measuring the two in turn, and the table of ratios."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from statistics import median

from benchmarks.load import Job, Outcome, run
from benchmarks.servers import Servers
from benchmarks.workloads import Workload

WARM_UP = 0.25
"""The part of a measurement's time that each server is asked before, without counting."""


@dataclass(slots=True)
class Measure:
    """One workload at one number of connections: answers a second of each round."""

    workload: Workload
    connections: int
    ours: list[float] = field(default_factory=list)
    handwritten: list[float] = field(default_factory=list)
    failed: int = 0

    @property
    def ratios(self) -> list[float]:
        """Inspectpay's answers a second, in hand-written ones, round by round."""
        return [ours / theirs for ours, theirs in zip(self.ours, self.handwritten, strict=True) if theirs]


def measure(
    workloads: list[Workload],
    servers: Servers,
    *,
    connections: list[int],
    rounds: int,
    seconds: float,
    say: Callable[[str], None],
) -> list[Measure]:
    """Every workload at each number of connections, in each round both servers one after the other."""
    measures = [Measure(workload, each) for workload in workloads for each in connections]
    taken: dict[tuple[str, int], int] = {}
    for number in range(rounds):
        say(f"round {number + 1} of {rounds}")
        for each in measures:
            # Who goes first changes from round to round: whatever comes second finds a warmer machine.
            for ours in (True, False) if number % 2 == 0 else (False, True):
                outcome = _asked(each, servers, ours=ours, seconds=seconds, taken=taken)
                (each.ours if ours else each.handwritten).append(outcome.per_second)
                each.failed += outcome.failed
    return measures


def _asked(
    each: Measure, servers: Servers, *, ours: bool, seconds: float, taken: dict[tuple[str, int], int]
) -> Outcome:
    """Warm up, then measure, each from the request on where the one before stopped: writes find fresh inspections."""
    port, path = (servers.api_port, "/graphql") if ours else (servers.handwritten_port, each.workload.path)
    for duration in (seconds * WARM_UP, seconds):
        first = taken.get((path, port), 0)
        outcome = run(Job(port, path, each.connections, duration, each.workload.requests, first))
        taken[path, port] = first + outcome.sent
    return outcome


def table(measures: list[Measure]) -> Iterator[str]:
    """The figures for people, a line each."""
    yield f"{'':20} {'connections':>11} {'Inspectpay/s':>13} {'hand-written/s':>15} {'ratio':>6}  spread      failed"
    for each in measures:
        ratios = each.ratios or [0.0]
        yield (
            f"{each.workload.name:20} {each.connections:11} {median(each.ours):13.0f} {median(each.handwritten):15.0f}"
            f" {median(ratios):6.2f}  {min(ratios):.2f}–{max(ratios):.2f} {each.failed:10}"  # noqa: RUF001
        )
