"""Fixtures that every test may use: the real parts, and a world in which one company does business."""

from collections.abc import AsyncIterator, Iterator

import pytest
from argon2 import PasswordHasher

from app.resources import Resources, resources
from app.settings import Settings
from operations.identity import passwords
from tests.sandbox_servers import Servers, running_servers
from tests.world import World, development_settings

pytest_plugins = ["tests.requirements"]

REAL_HASHER, REAL_NOBODY = passwords._HASHER, passwords._NOBODY


@pytest.fixture(scope="session")
async def servers(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> AsyncIterator[Servers]:
    """PostgreSQL, Valkey, Stripe and SMTP of this worker."""
    async with running_servers(tmp_path_factory, worker_id) as running:
        yield running


@pytest.fixture(scope="session")
def settings(servers: Servers) -> Settings:
    """A configuration that points at them."""
    return development_settings(servers)


@pytest.fixture(scope="session")
async def held(settings: Settings) -> AsyncIterator[Resources]:
    """Connections to them."""
    async with resources(settings) as connected:
        yield connected


@pytest.fixture(scope="session", autouse=True)
def quick_hashing() -> Iterator[None]:
    """Passwords are hashed with the least work that argon2id allows: real hashing is slow by design."""
    with pytest.MonkeyPatch.context() as patched:
        quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        patched.setattr(passwords, "_HASHER", quick)
        patched.setattr(passwords, "_NOBODY", quick.hash("nobody's"))
        yield


@pytest.fixture
def real_hashing() -> Iterator[None]:
    """Passwords are hashed with the work that production does."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(passwords, "_HASHER", REAL_HASHER)
        patched.setattr(passwords, "_NOBODY", REAL_NOBODY)
        yield


@pytest.fixture
async def world(servers: Servers, settings: Settings, held: Resources) -> AsyncIterator[World]:
    """An empty database, mailbox, queue and Stripe, and one company that can charge."""
    async with World.begun(servers, settings, held) as begun:
        yield begun
