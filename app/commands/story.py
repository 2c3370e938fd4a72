"""`story`: a fresh sandbox, the main job played on it over HTTP, and a plain account of both."""

import asyncio
import random
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import httpx

from app.commands import surroundings
from app.commands.callers import Surprise
from app.commands.main_job import OWNER_EMAIL, PASSWORD, MainJob
from app.commands.outcomes import fail, refuse
from app.commands.surroundings import Ports, Surroundings
from app.logs import LogFormat, configure_logs
from app.resources import resources
from models.database import migrate
from operations.companies import NewUser, create_company
from sandbox import postgres_cluster, process

PORTS = range(10_000, 20_000, 10)
"""Below those that the sandbox chooses for itself."""


def run() -> None:
    """Play the main job; ends with status 1 and a sentence as soon as anything differs from what is told."""
    configure_logs("WARNING", LogFormat.READABLE)
    started = time.monotonic()
    print("Starting a fresh sandbox: PostgreSQL, Valkey, Stripe simulator, mailbox, API and worker ...", flush=True)
    # Not below the working directory: a server's socket needs a short path.
    with tempfile.TemporaryDirectory(prefix="inspectpay-story-") as directory, ExitStack() as stack:
        try:
            around = stack.enter_context(surroundings.running(Path(directory), free_ports(), durable=False))
            asyncio.run(_found_company(around))
            surroundings.start(stack, [surroundings.api_process(around), surroundings.worker_process(around)])
            MainJob(around.api_url, around.mailbox_url, say=tell).play()
        except (Surprise, httpx.HTTPError, LookupError) as surprise:
            fail(f"\nThe story went otherwise: {surprise}")
        except (process.ChildDidNotStart, postgres_cluster.PostgresDidNotStart) as error:
            refuse(str(error))
    print(f"\nThe story came out as told, in {time.monotonic() - started:.1f} s.")


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


async def _found_company(around: Surroundings) -> None:
    async with resources(around.settings):
        await migrate()
        owner = NewUser(name="Olivia Lake", email=OWNER_EMAIL, password=PASSWORD)
        await create_company(name="Lakeside Home Inspections", currency="USD", time_zone="America/Chicago", owner=owner)
