"""The command line: `python -m app --help`."""

from pathlib import Path
from typing import Annotated

import typer

from app.commands import groups
from app.commands.options import DEMO_DATA, STRIPE_URL, AsJson, DataDir, StripeKey, StripeUrl

app = typer.Typer(
    name="python -m app",
    help="Inspectpay: split what a home inspection costs among several payers, exactly.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # They show local variables, which hold secrets.
    rich_markup_mode=None,
)
for name in ("company", "user", "email", "payment", "events"):
    app.add_typer(getattr(groups, name), name=name)

Check = Annotated[bool, typer.Option("--check", help="Fail unless the committed file is up to date.")]
Write = Annotated[bool, typer.Option("--write", help="Write the committed file.")]
Processes = Annotated[
    int, typer.Option(help="How many processes share the work; SIGHUP replaces them one by one.", min=1, max=64)
]
Descriptor = Annotated[int | None, typer.Option(hidden=True)]
"""Of a socket that the supervisor of several processes hands down."""


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.", min=1, max=65535)] = 8000,
    processes: Processes = 1,
    listening: Descriptor = None,
    supervised: Descriptor = None,
) -> None:
    """Serve the API."""
    from app.commands import serve

    if supervised is not None:
        assert listening is not None, "the supervisor hands down both"
        serve.serve_supervised(listening, supervised)
    elif processes > 1:
        serve.serve_in_processes(processes, host=host, port=port)
    else:
        serve.serve(host=host, port=port)


@app.command()
def worker(
    processes: Processes = 1,
    health_port: Annotated[
        int | None, typer.Option(help="Answer /healthz there: whether the worker's loops turn.", min=1, max=65535)
    ] = None,
    supervised: Descriptor = None,
) -> None:
    """Run the jobs: send mails, ask Stripe about payments."""
    from app.commands import serve

    if processes > 1 and supervised is None:
        serve.work_in_processes(processes, health_port=health_port)
    else:
        serve.work(supervised, health_port=health_port)


@app.command()
def migrate(
    check: Annotated[
        bool, typer.Option("--check", help="Only check that models and migrations agree; needs no database.")
    ] = False,
    data_dir: DataDir = DEMO_DATA,
) -> None:
    """Bring the database up to date."""
    from app.commands import database

    if check:
        database.check_migrations()
    else:
        database.migrate(data_dir)


@app.command()
def schema(check: Check = False, write: Write = False) -> None:
    """Print the API's schema (SDL); committed as schema/schema.graphql."""
    from app.commands import snapshots

    snapshots.snapshot(snapshots.print_schema(), snapshots.SCHEMA, check=check, write=write, make="schema")


@app.command()
def access(check: Check = False, write: Write = False) -> None:
    """Print who may read each field; committed as schema/access.txt."""
    from app.commands import snapshots

    snapshots.snapshot(snapshots.print_access(), snapshots.ACCESS, check=check, write=write, make="access")


@app.command()
def documents(
    sources: Annotated[list[Path], typer.Argument(help="Files of one document each, or folders with .graphql files.")],
    manifest: Annotated[Path, typer.Option(help="The manifest.")] = Path("trusted-documents.json"),
    check: Check = False,
) -> None:
    """Write the manifest of the documents that frontends send, for TRUSTED_DOCUMENTS."""
    from app.commands import documents

    documents.write_manifest(sources, manifest, check=check)


@app.command()
def audit(
    stripe_api_key: StripeKey = "", stripe_base_url: StripeUrl = STRIPE_URL, data_dir: DataDir = DEMO_DATA
) -> None:
    """Prove every stored balance from its entries and from Stripe; print any discrepancy and fail."""
    from app.commands import audit

    audit.audit(data_dir, stripe_api_key=stripe_api_key, stripe_base_url=stripe_base_url)


@app.command()
def status(as_json: AsJson = False, data_dir: DataDir = DEMO_DATA) -> None:
    """Say what is healthy and what waits; fails unless all is healthy."""
    from app.commands import status

    status.status(data_dir, as_json=as_json)


@groups.company.command("create")
def create_company(
    name: Annotated[str, typer.Option(help="The company's name.")],
    currency: Annotated[str, typer.Option(help="The currency it charges in, such as USD.")],
    owner_name: Annotated[str, typer.Option(help="The owner's name.")],
    owner_email: Annotated[str, typer.Option(help="The address the owner signs in with.")],
    owner_password: Annotated[
        str,
        typer.Option(
            help="The owner's password, at least 10 characters; asked for when left out.",
            envvar="OWNER_PASSWORD",
            prompt="The owner's password",
            hide_input=True,
            confirmation_prompt=True,
            show_envvar=True,
        ),
    ],
    time_zone: Annotated[str, typer.Option(help="Its time zone, such as America/Chicago.")] = "UTC",
    data_dir: DataDir = DEMO_DATA,
) -> None:
    """Found a company with its owner."""
    from app.commands import database

    database.create_company(
        data_dir,
        name=name,
        currency=currency,
        time_zone=time_zone,
        owner_name=owner_name,
        owner_email=owner_email,
        owner_password=owner_password,
    )


if __name__ == "__main__":
    app()
