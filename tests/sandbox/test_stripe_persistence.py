"""The simulator's memory: what it knew is there after a restart, half-written or foreign files are not believed."""

import asyncio
import sys
from pathlib import Path

import pytest

from sandbox.stripe import accounts, checkout
from sandbox.stripe.idempotency import IdempotencyKeys
from sandbox.stripe.persistence import StateFile, StateUnreadable
from sandbox.stripe.state import Space, Store

ROOT = Path(__file__).resolve().parents[2]


def remembered(path: Path) -> tuple[Store, IdempotencyKeys]:
    """A simulator's memory after a start on that file."""
    store = Store()
    keys = IdempotencyKeys(store.clock)
    StateFile(path, store, keys).load()
    return store, keys


def filled(path: Path) -> tuple[Store, Space]:
    """A store with an account, an open session and a used idempotency key, saved."""
    store = Store()
    keys = IdempotencyKeys(store.clock)
    account = accounts.add_account(store, email=None, country="US", currency="usd", metadata={})
    accounts.complete_onboarding(store, account)
    space = store.spaces[account["id"]]
    session = {"id": "cs_1", "object": checkout.SESSION, "status": "open", "url": "x", "payment_intent": None}
    space.add({**session, "expires_at": store.clock.now() + 60}, lines=[{"amount_total": 12500}])
    keys.claim(space.account_id, "done", path="/v1/x", parameters={}, request_id="req_1")
    keys.save(space.account_id, "done", status=200, body={"id": "first"})
    keys.claim(space.account_id, "running", path="/v1/x", parameters={}, request_id="req_2")
    StateFile(path, store, keys).save()
    return store, space


def test_what_it_knew_is_there_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "stripe.state"
    _, before = filled(path)
    store, keys = remembered(path)
    found = store.locate(checkout.SESSION, "cs_1")
    assert found is not None
    space, session = found
    assert space is store.spaces[before.account_id]
    assert space.hidden["cs_1"]["lines"] == [{"amount_total": 12500}]
    assert store.platform.get("account", before.account_id)["charges_enabled"]
    saved = keys.claim(before.account_id, "done", path="/v1/x", parameters={}, request_id="req_3")
    assert saved is not None
    assert saved.body == {"id": "first"}
    running = keys.claim(before.account_id, "running", path="/v1/x", parameters={}, request_id="req_4")
    assert running is None, "a call that was cut off can be made again"
    assert space.by_id["cs_1"] is session


def test_a_revoked_account_stays_revoked_after_a_restart(tmp_path: Path) -> None:
    """A restart of the simulator gives the platform no access back."""
    path = tmp_path / "stripe.state"
    store, space = filled(path)
    accounts.revoke(store, store.platform.get("account", space.account_id))
    StateFile(path, store, IdempotencyKeys(store.clock)).save()
    again, _ = remembered(path)
    assert again.spaces[space.account_id].is_revoked


def test_an_open_session_still_expires_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "stripe.state"
    filled(path)
    store, _ = remembered(path)
    store.clock.offset_seconds += 61
    store.catch_up()
    found = store.locate(checkout.SESSION, "cs_1")
    assert found is not None
    assert found[1]["status"] == "expired"


def test_nothing_is_written_while_nothing_changes(tmp_path: Path) -> None:
    path = tmp_path / "stripe.state"
    store = Store()
    file = StateFile(path, store, IdempotencyKeys(store.clock))
    file.save()
    written = path.stat()
    file.save()
    assert path.stat().st_mtime_ns == written.st_mtime_ns
    assert written.st_mode & 0o077 == 0
    accounts.add_account(store, email=None, country="US", currency="usd", metadata={})
    file.save()
    assert path.stat().st_size > written.st_size


def test_a_file_that_is_not_its_own_is_refused_with_advice(tmp_path: Path) -> None:
    path = tmp_path / "stripe.state"
    path.write_text("something else")
    with pytest.raises(StateUnreadable, match="Start afresh with --reset"):
        remembered(path)


async def test_the_command_takes_the_file(tmp_path: Path) -> None:
    path = tmp_path / "stripe.state"
    path.write_text("something else")
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "sandbox.stripe",
        "--port",
        "0",
        "--state",
        str(path),
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    _, told = await child.communicate()
    assert child.returncode == 1
    assert told.decode().strip().endswith("Start afresh with --reset.")
    assert "Traceback" not in told.decode()
