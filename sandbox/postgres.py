"""An embedded PostgreSQL 18 for development and tests: the first who needs it starts it, the last who leaves stops it.

Everybody who uses a data directory holds a shared lock on its `users.lock`. The kernel drops that lock however a
process ends, SIGKILL included, so no list of process ids can go stale. A small detached keeper waits for the
exclusive lock, which it gets when nobody is left, and stops the server.
"""

import fcntl
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit, urlunsplit

from sandbox.postgres_cluster import DIRECTORY, SUPERUSER, Cluster, binary, environment
from sandbox.postgres_keeper import is_answering, stop_server

DATABASE = "inspectpay"
LEAVE_SECONDS_MAX = 15.0
CLIENT_SECONDS_MAX = 30.0


class DatabaseCommandFailed(RuntimeError):
    """The embedded server refused a command; the message carries PostgreSQL's own words."""


@contextmanager
def running(data_dir: Path, *, durable: bool = True) -> Iterator[str]:
    """Yield the DATABASE_URL of a server on `data_dir`; several processes may do so at once and share the server.

    With `durable=False` the server forgets on a power cut and is faster: for tests only. The first to come decides.
    """
    data_dir = data_dir.expanduser().resolve()
    cluster = Cluster(data_dir)
    with cluster.locked("start.lock", fcntl.LOCK_EX):
        users = cluster.lock("users.lock", fcntl.LOCK_SH)  # Waits while a keeper is stopping the server.
        try:
            url = _start(cluster, durable=durable)
        except BaseException:
            os.close(users)
            raise
    try:
        yield url
    finally:
        os.close(users)
        _leave(cluster)


def create_database(url: str, name: str, *, template: str | None = None) -> str:
    """Create the database `name`, a copy of `template` where one is given, and return its URL."""
    clause = f" TEMPLATE {_identifier(template)}" if template else ""
    _run_sql(url, f"CREATE DATABASE {_identifier(name)}{clause}")
    return database_url(url, name)


def drop_database(url: str, name: str) -> None:
    """Drop the database `name`, its open connections included. Safe to repeat."""
    _run_sql(database_url(url, "postgres"), f"DROP DATABASE IF EXISTS {_identifier(name)} WITH (FORCE)")


def database_url(url: str, name: str) -> str:
    """The same server's URL, for the database `name`."""
    parts = urlsplit(url)
    # urlunsplit drops an empty host only when the netloc is empty, and ours never is: it names the user.
    return urlunsplit((parts.scheme, parts.netloc, f"/{quote(name, safe='')}", parts.query, ""))


def _start(cluster: Cluster, *, durable: bool) -> str:
    socket_dir = cluster.socket_dir()
    if socket_dir is None or not is_answering(socket_dir):
        cluster.initialise(durable=durable)
        socket_dir = cluster.start(durable=durable)
    cluster.watch()
    admin = f"postgres://{SUPERUSER}@/postgres?host={quote(str(socket_dir), safe='')}"
    if not _run_sql(admin, f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'"):
        create_database(admin, DATABASE)
    return database_url(admin, DATABASE)


def _leave(cluster: Cluster) -> None:
    """Return when the server is stopped, or when somebody else still uses it."""
    deadline = time.monotonic() + LEAVE_SECONDS_MAX
    while time.monotonic() < deadline and cluster.directory.exists():
        with cluster.try_locked("users.lock", fcntl.LOCK_EX) as alone:
            if alone:
                stop_server(str(cluster.directory))
                return
        with cluster.try_locked("users.lock", fcntl.LOCK_SH) as shared:
            if shared:
                return
        time.sleep(0.02)  # The keeper was faster and is stopping the server.


def _run_sql(url: str, sql: str) -> str:
    """Run one statement with the wheel's own psql: needs no event loop, so it works inside and outside of one."""
    command = [str(binary("psql")), "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--dbname", url]
    done = subprocess.run(
        [*command, "--set", "ON_ERROR_STOP=1", "--command", sql],
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=CLIENT_SECONDS_MAX,
        check=False,
    )
    if done.returncode != 0:
        raise DatabaseCommandFailed(f"{sql!r} failed: {done.stderr.strip()}")
    return done.stdout.strip()


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def socket_directory(url: str) -> Path:
    """The directory of the Unix socket that an embedded server's URL names."""
    return Path(parse_qs(urlsplit(url).query)["host"][0])


__all__ = ["DATABASE", "DIRECTORY", "create_database", "database_url", "drop_database", "running", "socket_directory"]
