"""The embedded PostgreSQL: shared, crash-proof, gone when its last user is."""

import os
import shutil
import signal
import site
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest
from tortoise.context import TortoiseContext

from sandbox import postgres
from sandbox.postgres_cluster import PostgresDidNotStart
from sandbox.postgres_keeper import is_answering, read_postmaster

ROOT = Path(__file__).resolve().parents[2]
USER_SCRIPT = """
import sys
from pathlib import Path
from sandbox import postgres
with postgres.running(Path(sys.argv[1]), durable=sys.argv[2:] == ["durable"]) as url:
    print(url, flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_user(data_dir: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that uses the same data directory until the block ends."""
    command = [sys.executable, "-c", USER_SCRIPT, str(data_dir), *options]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def url_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def is_running(data_dir: Path) -> bool:
    postmaster = read_postmaster(str(data_dir / postgres.DIRECTORY))
    return postmaster is not None and is_answering(postmaster[1])


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < deadline, "waited 15 s in vain"
        time.sleep(0.02)


async def value(url: str, sql: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def test_url_serves_asyncpg_and_tortoise(tmp_path: Path) -> None:
    with postgres.running(tmp_path / "with space, comma and 'quote'", durable=False) as url:
        assert await value(url, "SELECT current_database()") == "inspectpay"
        assert str(await value(url, "SHOW server_version")).startswith("18.")
        async with TortoiseContext() as context:  # A context of its own: the session's must stay as it is.
            await context.init(db_url=url, modules={"proof": ["tests.sandbox.one_table"]})
            rows = await context.connections.get("default").execute_query_dict(
                "SELECT current_setting('timezone') AS z"
            )
        assert rows == [{"z": "UTC"}]


@pytest.mark.parametrize(("durable", "setting"), [(True, "on"), (False, "off")])
async def test_only_tests_give_up_durability(tmp_path: Path, durable: bool, setting: str) -> None:
    with postgres.running(tmp_path, durable=durable) as url:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            assert await value(url, f"SHOW {name}") == setting


async def test_data_dir_too_long_for_a_socket_still_starts(tmp_path: Path) -> None:
    data_dir = tmp_path / ("x" * 120)
    with postgres.running(data_dir, durable=False) as url:
        socket_dir = postgres.socket_directory(url)
        assert await value(url, "SELECT 1") == 1
        assert socket_dir.stat().st_mode & 0o077 == 0
    assert not socket_dir.exists()


async def test_environment_does_not_redirect_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGDATABASE", "elsewhere")
    with postgres.running(tmp_path, durable=False) as url:
        assert (postgres.socket_directory(url) / ".s.PGSQL.5432").is_socket()


async def test_databases_are_created_from_a_template_and_dropped(tmp_path: Path) -> None:
    with postgres.running(tmp_path, durable=False) as url:
        await value(url, "CREATE TABLE seeds (id int)")
        copy = postgres.create_database(url, 'odd "name"', template="inspectpay")
        assert await value(copy, "SELECT count(*) FROM seeds") == 0
        with pytest.raises(RuntimeError, match="already exists"):
            postgres.create_database(url, 'odd "name"')
        postgres.drop_database(url, 'odd "name"')
        postgres.drop_database(url, 'odd "name"')
        assert await value(url, "SELECT count(*) FROM pg_database WHERE datname LIKE 'odd%'") == 0


async def test_processes_share_one_server_until_the_last_leaves(tmp_path: Path) -> None:
    with another_user(tmp_path) as first, another_user(tmp_path) as second:  # Both start at once.
        urls = {url_of(first), url_of(second)}
        assert len(urls) == 1
        url = urls.pop()
        started = await value(url, "SELECT pg_postmaster_start_time()")
        first.communicate(timeout=20)
        assert await value(url, "SELECT pg_postmaster_start_time()") == started
        with postgres.running(tmp_path) as ours:
            assert ours == url
        assert await value(url, "SELECT pg_postmaster_start_time()") == started
        second.communicate(timeout=20)
    assert not is_running(tmp_path)


def test_sigkill_of_the_last_user_stops_the_server(tmp_path: Path) -> None:
    with another_user(tmp_path) as process:
        assert url_of(process)
        process.kill()
        process.wait()
        wait_until(lambda: not is_running(tmp_path))


async def test_data_survives_a_crash_of_everything(tmp_path: Path) -> None:
    with another_user(tmp_path, "durable") as process:
        url = url_of(process)
        await value(url, "CREATE TABLE kept AS SELECT 7 AS id")
        postmaster = read_postmaster(str(tmp_path / postgres.DIRECTORY))
        assert postmaster is not None
        os.kill(postmaster[0], signal.SIGKILL)
        process.kill()
        process.wait()
    assert (tmp_path / postgres.DIRECTORY / "postmaster.pid").exists()
    with postgres.running(tmp_path, durable=False) as url:
        assert await value(url, "SELECT id FROM kept") == 7


def test_half_made_cluster_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "cluster.partial").mkdir()
    (tmp_path / "cluster.partial" / "PG_VERSION").write_text("18\n")
    with postgres.running(tmp_path, durable=False):
        assert is_running(tmp_path)
        assert not (tmp_path / "cluster.partial").exists()


def test_data_of_another_version_is_refused_with_advice(tmp_path: Path) -> None:
    (tmp_path / "cluster").mkdir()
    (tmp_path / "cluster" / "PG_VERSION").write_text("16\n")
    with (
        pytest.raises(PostgresDidNotStart, match=r"made by PostgreSQL 16; this is 18.*--reset"),
        postgres.running(tmp_path),
    ):
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server runs as somebody else")
def test_root_opens_the_way_for_the_server_but_not_the_view(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with postgres.running(closed / "data", durable=False):
        assert (closed / "data" / "cluster").stat().st_uid != 0
        assert closed.stat().st_mode & 0o777 == 0o701


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_directory_of_another_user_is_refused_with_advice(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(PostgresDidNotStart, match="belongs to another user"), postgres.running(tmp_path):
        pass
    tmp_path.chmod(0o700)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
def test_root_continues_what_an_ordinary_user_began(tmp_path: Path) -> None:
    python = shutil.which("python3", path="/usr/local/bin:/usr/bin")  # Ours may lie under /root, closed to others.
    daemon = 1
    if python is None or ROOT.stat().st_mode & 0o005 != 0o005:
        pytest.skip("nothing here that an ordinary user may run")
    for directory in tmp_path.parents:
        directory.chmod(directory.stat().st_mode | 0o001)
    tmp_path.chmod(0o777)
    done = subprocess.run(
        [python, "-c", USER_SCRIPT, str(tmp_path / "data")],
        cwd=ROOT,
        env={"PYTHONPATH": os.pathsep.join([str(ROOT), site.getsitepackages()[0]]), "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        user=daemon,
        group=daemon,
        extra_groups=[],
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "data" / "cluster").stat().st_uid == daemon
    with postgres.running(tmp_path / "data", durable=False):
        assert is_running(tmp_path / "data")
    assert (tmp_path / "data" / "cluster" / "server.log").stat().st_uid == daemon
