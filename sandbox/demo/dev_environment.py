"""Everything on one machine: the embedded servers, and the API and the worker as processes of their own."""

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.settings import Settings
from sandbox import postgres, process, valkey
from sandbox.mailbox import process as mailbox

STRIPE_API_KEY = "sk_test_sandbox"
WEBHOOK_SECRET = "whsec_sandbox"
"""The simulator posts no webhooks until it is told to: what polling alone can do is what a demo should show."""

FRONTENDS = "http://localhost:3000,http://localhost:5173"
"""Where the usual development servers of frontends are."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where things listen: all follow from the API's port."""

    api: int

    @property
    def mailbox(self) -> int:
        return self.api + 1

    @property
    def stripe(self) -> int:
        return self.api + 2

    @property
    def smtp(self) -> int:
        return self.api + 3

    def named(self) -> dict[str, int]:
        """Each with the name it has for people."""
        return {"API": self.api, "mailbox": self.mailbox, "Stripe simulator": self.stripe, "SMTP server": self.smtp}


@dataclass(frozen=True, slots=True)
class DevEnvironment:
    """Running servers, and the configuration with which our own processes find them."""

    ports: Ports
    data_dir: Path
    environment: dict[str, str]

    @property
    def api_url(self) -> str:
        return f"http://localhost:{self.ports.api}"

    @property
    def mailbox_url(self) -> str:
        return f"http://localhost:{self.ports.mailbox}"

    @property
    def stripe_url(self) -> str:
        return f"http://localhost:{self.ports.stripe}"

    @property
    def settings(self) -> Settings:
        """The configuration, for what this process does itself."""
        given: dict[str, Any] = {name.lower(): value for name, value in self.environment.items()}
        return Settings(**given)

    def log(self, name: str) -> Path:
        """Where a process writes what it has to say."""
        return self.data_dir / "logs" / f"{name}.log"


@contextmanager
def running(data_dir: Path, ports: Ports, *, durable: bool) -> Iterator[DevEnvironment]:
    """The servers around us, inside the block; with DATABASE_URL or REDIS_URL set, yours are used instead."""
    logs = _fresh_logs(data_dir)
    database = _given("DATABASE_URL") or postgres.running(data_dir / "postgres", durable=durable)
    redis = _given("REDIS_URL") or valkey.running(logs)
    stripe_options = ("--port", str(ports.stripe), "--state", str(data_dir / "stripe.state"), "--log-level", "warning")
    stripe_ready = f"http://{process.HOST}:{ports.stripe}/_control/ready"
    with ExitStack() as stack:
        # At the same time: each takes a second or so to start.
        with ThreadPoolExecutor() as threads:
            database_url, redis_url, *_ = threads.map(
                stack.enter_context,
                [
                    database,
                    redis,
                    process.child("sandbox.stripe", *stripe_options, ready_url=stripe_ready, log=logs / "stripe.log"),
                    mailbox.running(ports.mailbox, ports.smtp, log=logs / "mailbox.log", kept_in=data_dir / "mails"),
                ],
            )
        environment = _environment(ports, str(database_url), str(redis_url), _signing_key(data_dir / "signing.key"))
        yield DevEnvironment(ports, data_dir, environment)


def _fresh_logs(data_dir: Path) -> Path:
    """An empty directory for logs; those of the run before are kept beside it, in case it ended badly."""
    logs, previous = data_dir / "logs", data_dir / "logs.previous"
    if logs.exists():
        shutil.rmtree(previous, ignore_errors=True)
        logs.rename(previous)
    logs.mkdir(parents=True)
    return logs


def _given(variable: str) -> AbstractContextManager[str] | None:
    value = os.environ.get(variable)
    return nullcontext(value) if value else None


def _signing_key(path: Path) -> str:
    """The same at each start, so that whoever is signed in stays so."""
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(secrets.token_urlsafe(48))
    return path.read_text(encoding="utf-8")


def _environment(ports: Ports, database_url: str, redis_url: str, signing_key: str) -> dict[str, str]:
    """Every variable of the configuration, so that none of the caller's own gets in."""
    api = f"http://localhost:{ports.api}"
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SIGNING_KEY": signing_key,
        "SIGNING_KEYS": "",
        "STRIPE_API_KEY": STRIPE_API_KEY,
        "STRIPE_BASE_URL": f"http://{process.HOST}:{ports.stripe}",
        "STRIPE_REQUESTS_PER_SECOND": "10000",
        "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "SMTP_HOST": process.HOST,
        "SMTP_PORT": str(ports.smtp),
        "SMTP_TLS": "none",
        "SMTP_USERNAME": "",
        "SMTP_PASSWORD": "",
        "MAIL_FROM": "billing@example.com",
        "MAIL_FROM_NAME": "Lakeside Home Inspections",
        "PUBLIC_URL": api,
        "CLIENT_PORTAL_URL": "",
        "PAYMENT_PORTAL_URL": "",
        "STAFF_APP_URL": "",
        "ALLOWED_ORIGINS": FRONTENDS,
        "EXPLORER": "true",
        "TRUSTED_DOCUMENTS": "",
        "TRUSTED_DOCUMENTS_ONLY": "false",
        "DATABASE_POOL_SIZE": "8",
        "READING_POOL_SIZE": "4",
        "WORKER_CONCURRENCY": "16",
        "TRUSTED_PROXIES": "",
        "METRICS_PORT": "0",
        "METRICS_HOST": process.HOST,
        "LOG_LEVEL": "INFO",
        "LOG_FORMAT": "readable",
    }


class AppProcess:
    """The API or the worker: a process of its own, which can be killed and is then started again."""

    def __init__(self, name: str, environment: DevEnvironment, *arguments: str, ready: Callable[[], bool]) -> None:
        self.name = name
        self.log = environment.log(name)
        self._surroundings = environment
        self._arguments = arguments
        self._ready = ready
        self._stack = ExitStack()
        self._said_before = 0
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "AppProcess":
        self._said_before = self.log.stat().st_size if self.log.exists() else 0
        self._process = self._stack.enter_context(
            process.command(
                *(sys.executable, "-m", "app", *self._arguments),
                ready=self._ready,
                log=self.log,
                environment=self._surroundings.environment,
            )
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def said(self) -> bytes:
        """What it has written since it was last started; the log holds what it said before too."""
        return self.log.read_bytes()[self._said_before :] if self.log.exists() else b""

    def ended(self) -> bool:
        """Whether it has died by itself."""
        return self._process is not None and self._process.poll() is not None

    def restart(self) -> None:
        """Start it anew."""
        self.__exit__()
        self.__enter__()


def api_process(environment: DevEnvironment) -> AppProcess:
    """The API; ready when it answers and reaches what it stands on."""
    port = environment.ports.api
    url = f"http://{process.HOST}:{port}/readyz"
    return AppProcess("api", environment, "serve", "--port", str(port), ready=lambda: process.answers(url))


def worker_process(environment: DevEnvironment) -> AppProcess:
    """The worker; ready when it says that it is working."""
    worker = AppProcess("worker", environment, "worker", ready=lambda: b"working" in worker.said())
    return worker


def start(stack: ExitStack, processes: list[AppProcess]) -> None:
    """Start them at the same time; they end with the stack."""
    with ThreadPoolExecutor() as threads:
        list(threads.map(stack.enter_context, processes))
