"""The benchmarks' commands: `python -m benchmarks --help`. They need a checkout with its development dependencies."""

import asyncio
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from benchmarks import agreement, lists, overload, rounds, servers, size, sweeping, watching, workloads

commands = typer.Typer(
    name="python -m benchmarks",
    help="Inspectpay beside the same answers made by hand, as ratios; docs/performance.md says how to read them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Inspections = Annotated[int, typer.Option(help="How large the data set is.", min=10)]
Companies = Annotated[int | None, typer.Option(help="Of how many companies; 400 inspections each, if left out.", min=1)]
Rounds = Annotated[int, typer.Option(help="How often both are measured in turn.", min=1)]
Rows = Annotated[int, typer.Option(help="How many are worked off in each measurement.", min=10)]
Watchers = Annotated[int, typer.Option(help="How many watch, each an inspection of their own.", min=1, max=1_000)]
Seconds = Annotated[float, typer.Option(help="How long each measurement takes.", min=0.1)]


@commands.command()
def reads(inspections: Inspections = 20_000, rounds: Rounds = 3, seconds: Seconds = 3.0) -> None:
    """A payments box, a list of inspections and a payer's portal, at 1 and 16 connections."""
    with _data_dir() as directory, servers.running(Path(directory), inspections=inspections, twins=False) as running:
        asked = asyncio.run(workloads.reads(running.api_database_url, signing_key=running.signing_key))
        compared = sum(agreement.compare_answers(each, running) for each in asked)
        _measure(asked, running, compared=compared, connections=[1, 16], number=rounds, seconds=seconds)


@commands.command()
def writes(inspections: Inspections = 20_000, rounds: Rounds = 3, seconds: Seconds = 3.0) -> None:
    """Draft invoices, at 1 and 8 connections, each side on a database of its own."""
    with _data_dir() as directory, servers.running(Path(directory), inspections=inspections, twins=True) as running:
        asked = asyncio.run(workloads.writes(running.api_database_url, signing_key=running.signing_key))
        compared = sum(asyncio.run(agreement.compare_writes(each, running)) for each in asked)
        _measure(asked, running, compared=compared, connections=[1, 8], number=rounds, seconds=seconds)


@commands.command(name="overload")
def measure_overload(inspections: Inspections = 20_000, rounds: Rounds = 3, seconds: Seconds = 3.0) -> None:
    """The payments box and the list at 200 connections against 16, and two processes against one."""
    with _data_dir() as directory, servers.running(Path(directory), inspections=inspections, twins=False) as running:
        asked = asyncio.run(workloads.reads(running.api_database_url, signing_key=running.signing_key))
        with servers.another_api(running, "--processes", "2") as port:
            for line in overload.measure(asked, running.api_port, port, rounds=rounds, seconds=seconds):
                typer.echo(line)


@commands.command(name="lists")
def measure_lists(
    inspections: Inspections = 200_000, small: Inspections = 20_000, companies: Companies = None, rounds: Rounds = 15
) -> None:
    """Lists, searches, a month's report and a sweep in a large data set, and in a small one."""
    with _data_dir() as directory:
        for line in lists.measure(Path(directory), sizes=[small, inspections], companies=companies, rounds=rounds):
            typer.echo(line)


@commands.command(name="size")
def measure_size(inspections: Inspections = 2_000, rounds: Rounds = 5, seconds: Seconds = 2.0) -> None:
    """How long the API takes from its start to its first answer, and how much memory it has after some thousand."""
    with _data_dir() as directory, servers.running(Path(directory), inspections=inspections, twins=False) as running:
        asked = asyncio.run(workloads.reads(running.api_database_url, signing_key=running.signing_key))
        for line in size.measure(asked, running, rounds=rounds, seconds=seconds):
            typer.echo(line)


@commands.command(name="mails")
def measure_mails(inspections: Inspections = 20_000, rounds: Rounds = 3, mails: Rows = 2_000) -> None:
    """Mails with their PDFs beside a bare pool of connections with the same messages ready; two workers beside one."""
    with _data_dir() as directory:
        for line in sweeping.mails(Path(directory), inspections=inspections, rounds=rounds, number=mails):
            typer.echo(line)


@commands.command(name="polling")
def measure_polling(inspections: Inspections = 20_000, rounds: Rounds = 3, payments: Rows = 2_000) -> None:
    """Payments that Stripe is asked about, where it answers in 100 ms; two workers beside one."""
    with _data_dir() as directory:
        for line in sweeping.polling(Path(directory), inspections=inspections, rounds=rounds, number=payments):
            typer.echo(line)


@commands.command(name="watchers")
def measure_watchers(inspections: Inspections = 20_000, watchers: Watchers = 1_000, changes: Rows = 300) -> None:
    """How long after its commit in another process a change is with whoever watches."""
    with _data_dir() as directory, servers.running(Path(directory), inspections=inspections, twins=False) as running:
        for line in watching.measure(running, watchers=watchers, changes=changes):
            typer.echo(line)


def _data_dir() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="inspectpay-benchmark-", ignore_cleanup_errors=True)


def _measure(
    asked: list[workloads.Workload],
    running: servers.Servers,
    *,
    compared: int,
    connections: list[int],
    number: int,
    seconds: float,
) -> None:
    typer.echo(f"{compared} answers are equal.")
    measures = rounds.measure(
        asked,
        running,
        connections=connections,
        rounds=number,
        seconds=seconds,
        say=lambda text: typer.echo(text, err=True),
    )
    for line in rounds.table(measures):
        typer.echo(line)


if __name__ == "__main__":
    commands()
