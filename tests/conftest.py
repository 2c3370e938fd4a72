"""Fixtures that every test may use: the real parts, and a world in which one company does business."""

from collections.abc import AsyncIterator

import pytest

from app.resources import Resources, resources
from app.settings import Settings
from models.database import migrate
from tests.sandbox_servers import Servers, running_servers
from tests.world import World, development_settings

pytest_plugins = ["tests.requirements"]


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
    """Connections to them, with the schema migrated."""
    async with resources(settings) as connected:
        await migrate()
        yield connected


@pytest.fixture
async def world(servers: Servers, settings: Settings, held: Resources) -> AsyncIterator[World]:
    """An empty database, mailbox, queue and Stripe, and one company that can charge."""
    async with World.begun(servers, settings, held) as begun:
        yield begun
