"""The sandbox's commands: `python -m sandbox --help`. They need a checkout with its development dependencies."""

from pathlib import Path
from typing import Annotated

import typer

DATA = Path(".data/demo")

commands = typer.Typer(
    name="python -m sandbox",
    help="Inspectpay on one laptop: a demo to try things out on, and a story that plays all it does.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@commands.command()
def demo(
    port: Annotated[
        int, typer.Option(help="The API's port; mailbox, Stripe simulator and SMTP take the next three.", min=1)
    ] = 8000,
    data_dir: Annotated[Path, typer.Option(help="Where the demo keeps its data.")] = DATA,
    reset: Annotated[bool, typer.Option("--reset", help="Forget that data first.")] = False,
) -> None:
    """Run everything on this machine, with example data."""
    from sandbox.demo import demo as playing

    playing.run(port=port, data_dir=data_dir, reset=reset)


@commands.command()
def story(
    chapter: Annotated[
        int | None, typer.Option(help="Play only this one, the report and the audit.", min=1, max=6)
    ] = None,
) -> None:
    """Play on a fresh sandbox all that Inspectpay does, chapter by chapter, and say each step."""
    from sandbox.demo import story as telling

    telling.run(chapter=chapter)


if __name__ == "__main__":
    commands()
