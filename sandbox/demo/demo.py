"""`demo`: everything on one machine, with a company to try things out on, until Ctrl-C."""

import asyncio
import contextlib
import fcntl
import os
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from textwrap import dedent, indent

from app.commands.outcomes import refuse
from app.logs import LogFormat, configure_logs
from app.resources import resources
from models.database import migrate
from sandbox import postgres_cluster, process
from sandbox.demo import dev_environment, seed_states
from sandbox.demo.dev_environment import AppProcess, DevEnvironment, Ports
from sandbox.demo.seed import OWNER_EMAIL
from sandbox.demo.seed_states import Links

OWN_ENTRIES = (
    "postgres", "logs", "logs.previous", "mails", "stripe.state", "stripe.partial", "signing.key", "seeding",
)  # fmt: skip
"""All that a demo makes in its directory, and so all that --reset removes."""

LOOK_SECONDS = 1.0

EXAMPLE = """
    {
      inspections(first: 10) {
        nodes {
          number
          propertyAddress
          paymentStatus
          total { formatted }
          remaining { formatted }
          invoices { number billedToName status remaining { formatted } }
        }
      }
    }
"""


def run(*, port: int, data_dir: Path, reset: bool) -> None:
    """Start everything, show where it is, and keep it running until Ctrl-C or SIGTERM."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    configure_logs("WARNING", LogFormat.READABLE)
    ports = Ports(port)
    refuse_reset_of_your_own(reset=reset)
    with directory_of_our_own(data_dir):
        refuse_busy_ports(ports)
        if reset:
            forget(data_dir)
        try:
            _run(data_dir.resolve(), ports, stop)
        except (process.ChildDidNotStart, postgres_cluster.PostgresDidNotStart) as error:
            refuse(str(error))
    print("Stopped.", flush=True)


def _run(data_dir: Path, ports: Ports, stop: threading.Event) -> None:
    _say("Starting PostgreSQL, Valkey, the Stripe simulator and the mailbox ...")
    with ExitStack() as stack:
        around = stack.enter_context(dev_environment.running(data_dir, ports, durable=True))
        if stop.is_set():
            return
        _say("Starting API and worker ...")
        links = _prepare(around)
        own = [dev_environment.api_process(around), dev_environment.worker_process(around)]
        if stop.is_set():
            return
        dev_environment.start(stack, own)
        _say(_welcome(around, links))
        _watch(own, stop)
        _say("\nStopping ...")


def _prepare(around: DevEnvironment) -> Links:
    """Migrate and seed; both do nothing the second time.

    While it is seeded a note stands beside the database, so that half of a seed is never taken for a whole.
    """
    unfinished = around.data_dir / "seeding"
    if unfinished.exists():
        _say(
            "The example data is incomplete: making it was interrupted. Start afresh with --reset (make demo RESET=1)."
        )
        return asyncio.run(_fill(around, seed=False))
    unfinished.touch()
    links = asyncio.run(_fill(around, seed=True))
    unfinished.unlink()
    return links


async def _fill(around: DevEnvironment, *, seed: bool) -> Links:
    async with resources(around.settings) as held:
        await migrate()
        if seed:
            await seed_states.seed_when_empty(held, _say)
        return await seed_states.links(held)


def _watch(own: list[AppProcess], stop: threading.Event) -> None:
    """Wait for the end; a process that dies before is started again."""
    while not stop.wait(LOOK_SECONDS):
        for child in own:
            if child.ended() and not stop.is_set():
                _say(f"The {child.name} has ended; starting it again. Its log: {child.log}")
                child.restart()


def _welcome(around: DevEnvironment, links: Links) -> str:
    api, start = around.api_url, dedent(EXAMPLE).strip()
    sign_in = f'''mutation {{
  signIn(input: {{email: "{OWNER_EMAIL}", password: "{seed_states.PASSWORD}"}}) {{
    session {{ accessToken }}
    userErrors {{ message }}
  }}
}}'''
    lines = [
        "",
        "Inspectpay is running.",
        "",
        f"  App               {api}/app",
        f"  GraphiQL          {api}/graphiql",
        f"  Mailbox           {around.mailbox_url}",
        f"  Stripe simulator  {around.stripe_url}",
        f"  Sign in as        {OWNER_EMAIL}, password {seed_states.PASSWORD}",
        f"  Logs              {around.log('api').parent}",
        "",
        f"  Payment portal of an open invoice   {links.payment or '(none is open)'}",
        f"  Client portal of an inspection      {links.client or '(nothing is left to pay)'}",
        "",
        "Sign in at the top of GraphiQL, or run this there:",
        "",
        indent(sign_in, "    "),
        "",
        "Then look around:",
        "",
        indent(start, "    "),
        "",
        "README.md goes on from here to a paid invoice. Ctrl-C stops everything; the data stays for the next time.",
    ]
    return "\n".join(lines)


@contextmanager
def directory_of_our_own(data_dir: Path) -> Iterator[None]:
    """Hold the data directory inside the block; one demo at a time."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(data_dir / "demo.lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        refuse(f"{data_dir} can't be used: {error.strerror}. Name another directory with --data-dir.")
    with contextlib.closing(os.fdopen(descriptor, "r+")) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            number = file.read().strip() or "unknown"
            refuse(
                f"A demo is running on {data_dir} already (process {number}). Stop it, or name another directory with "
                "--data-dir and other ports with --port."
            )
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def refuse_busy_ports(ports: Ports) -> None:
    """End with a sentence when somebody else listens where we want to."""
    if ports.smtp > 65535:
        refuse("--port must be at most 65532: the mailbox, the simulator and SMTP take the three ports after it.")
    for name, port in ports.named().items():
        if not process.is_free(port):
            refuse(f"Port {port}, for the {name}, is taken by another program. Choose other ports with --port.")


def refuse_reset_of_your_own(*, reset: bool) -> None:
    """--reset forgets what the demo made itself; a database of your own is yours to empty."""
    if reset and os.environ.get("DATABASE_URL"):
        refuse("--reset can't empty the database of DATABASE_URL. Unset it, or empty that database yourself.")


def forget(data_dir: Path) -> None:
    """Remove what a demo made, and nothing else that may be in that directory."""
    database = data_dir / "postgres"
    if database.exists():
        with postgres_cluster.Cluster(database).try_locked("users.lock", fcntl.LOCK_EX) as alone:
            if not alone:
                refuse(f"Another command is using the database in {database}. Wait until it ends.")
    for name in OWN_ENTRIES:
        path = data_dir / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _say(text: str) -> None:
    print(text, flush=True)
