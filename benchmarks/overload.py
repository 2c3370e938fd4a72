"""More connections than places, and more processes than one: ratios to the same API at 16 connections."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median

from benchmarks.load import Job, Outcome, run
from benchmarks.workloads import Workload

FEW, MANY = 16, 200


@dataclass(slots=True)
class Measure:
    """One workload in one situation: good answers a second of each round, and all that was refused or failed."""

    name: str
    port: int
    connections: int
    per_second: list[float] = field(default_factory=list)
    busy: int = 0
    failed: int = 0

    def add(self, outcome: Outcome) -> None:
        self.per_second.append(outcome.good / outcome.seconds)
        self.busy += outcome.busy
        self.failed += outcome.failed - outcome.busy


def measure(workloads: list[Workload], one: int, two: int, *, rounds: int, seconds: float) -> Iterator[str]:
    """A line for each situation; `one` and `two` are the ports of the API in one process and in two."""
    situations = [("one process", one, FEW), ("one process", one, MANY), ("two processes", two, FEW)]
    yield f"{'':20} {'':15} {'connections':>11} {'answers/s':>10} {'ratio':>6}  spread      {'busy':>7} {'failed':>7}"
    for workload in workloads:
        measures = [Measure(name, port, connections) for name, port, connections in situations]
        for number in range(rounds):
            for each in measures if number % 2 == 0 else reversed(measures):
                run(Job(each.port, "/graphql", each.connections, seconds / 4, workload.requests))
                each.add(run(Job(each.port, "/graphql", each.connections, seconds, workload.requests)))
        yield from _lines(workload, measures)


def _lines(workload: Workload, measures: list[Measure]) -> Iterator[str]:
    first = measures[0].per_second
    for each in measures:
        ratios = [mine / base for mine, base in zip(each.per_second, first, strict=True) if base] or [0.0]
        yield (
            f"{workload.name:20} {each.name:15} {each.connections:11} {median(each.per_second):10.0f}"
            f" {median(ratios):6.2f}  {min(ratios):.2f}–{max(ratios):.2f} {each.busy:11} {each.failed:7}"  # noqa: RUF001
        )
