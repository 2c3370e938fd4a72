"""`story`: a fresh sandbox, the chapters played on it over HTTP, an audit at the end, and a plain account of it all."""

import asyncio
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import httpx

from app.commands.outcomes import fail, refuse
from app.logs import LogFormat, configure_logs
from app.resources import resources
from models.database import migrate
from operations.identity.companies import CreateCompany, NewUser, create_company
from sandbox import postgres_cluster, process
from sandbox.demo import dev_environment
from sandbox.demo.api_client import Surprise
from sandbox.demo.chapters import invoice_life, months_report, payments_box, people_and_messages, stripe_trouble
from sandbox.demo.chapters.main_job import OWNER_EMAIL, PASSWORD, TITLE, MainJob
from sandbox.demo.dev_environment import DevEnvironment, Ports
from sandbox.demo.scenario import Chapter, Stage

PORTS = range(10_000, 20_000, 10)
"""Below those that the sandbox chooses for itself."""

AUDIT_SECONDS_MAX = 60.0

CHAPTERS: dict[int, tuple[str, Callable[[Stage], Chapter]]] = {
    2: (payments_box.TITLE, payments_box.PaymentsBox),
    3: (invoice_life.TITLE, invoice_life.InvoiceLife),
    4: (people_and_messages.TITLE, people_and_messages.PeopleAndMessages),
    5: (stripe_trouble.TITLE, stripe_trouble.StripeTrouble),
    6: (months_report.TITLE, months_report.MonthsReport),
}
"""What is told after the main job, which is chapter 1. The last one reports on whatever was told before."""


def run(*, chapter: int | None = None) -> None:
    """Play all chapters, or one and the report on it; ends with status 1 and a sentence when anything differs."""
    configure_logs("WARNING", LogFormat.READABLE)
    started = time.monotonic()
    print("Starting a fresh sandbox: PostgreSQL, Valkey, Stripe simulator, mailbox, API and worker ...", flush=True)
    # Not below the working directory: a server's socket needs a short path.
    with tempfile.TemporaryDirectory(prefix="inspectpay-story-") as directory, ExitStack() as stack:
        try:
            around = stack.enter_context(dev_environment.running(Path(directory), free_ports(), durable=False))
            asyncio.run(_found_company(around))
            dev_environment.start(stack, [dev_environment.api_process(around), dev_environment.worker_process(around)])
            play(around, chapter)
            audit(around)
        except (Surprise, httpx.HTTPError, LookupError) as surprise:
            fail(f"\nThe story went otherwise: {surprise}")
        except (process.ChildDidNotStart, postgres_cluster.PostgresDidNotStart) as error:
            refuse(str(error))
    print(f"\nThe story came out as told, in {time.monotonic() - started:.1f} s.")


def play(around: DevEnvironment, chapter: int | None) -> None:
    """Tell the chapters in order; one told alone happens to a company that has just been connected."""
    main_job = MainJob(around.api_url, around.mailbox_url, say=tell)
    if chapter in (None, 1):
        tell(f"\n{TITLE}")
        main_job.play()
    else:
        main_job.sign_in()
        main_job.connect_stripe()
    stage = Stage(around, main_job.owner, tell)
    tell("\nSo far the worker found out by asking every few seconds. Webhooks from Stripe now make it ask at once.")
    stage.control("webhook", url=f"{around.api_url}/webhooks/stripe", secret=dev_environment.WEBHOOK_SECRET)
    for number, (title, extras) in CHAPTERS.items():
        if chapter in (None, number) or number == max(CHAPTERS):
            tell(f"\n{title}\n")
            extras(stage).play()


def audit(around: DevEnvironment) -> None:
    """Let `audit` recompute everything that was stored, and ask Stripe. Raises Surprise at any discrepancy."""
    tell("\nThe audit")
    command = (sys.executable, "-m", "app", "audit")
    environment = {**os.environ, **around.environment}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=AUDIT_SECONDS_MAX, check=False
    )
    if done.returncode != 0:
        raise Surprise(f"the audit should find nothing, but says:\n{done.stdout}{done.stderr}")
    tell(f"\n{done.stdout.rstrip()}")


def tell(sentence: str) -> None:
    """One step, as it happens."""
    print(sentence, flush=True)


def free_ports() -> Ports:
    """Four ports in a row that nobody listens on."""
    for base in random.SystemRandom().sample(PORTS, 100):
        ports = Ports(base)
        if all(process.is_free(port) for port in ports.named().values()):
            return ports
    raise process.ChildDidNotStart(f"No four free ports in a row among 100 tried from {PORTS.start} on.")


async def _found_company(around: DevEnvironment) -> None:
    async with resources(around.settings):
        await migrate()
        owner = NewUser(name="Olivia Lake", email=OWNER_EMAIL, password=PASSWORD)
        await create_company(
            CreateCompany(name="Lakeside Home Inspections", currency="USD", time_zone="America/Chicago", owner=owner)
        )
