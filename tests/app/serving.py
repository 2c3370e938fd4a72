"""The API as a real server in this process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.http_server import server_of
from app.server import create_app
from models.changes import ChangeListener, Subscription
from rules.access import Principal
from tests.graphql_server import sockets
from tests.graphql_server.sockets import SECONDS_MAX
from tests.world import World


class Serving(sockets.Serving[Principal, Subscription]):
    """The API under its address."""

    @property
    def changes(self) -> ChangeListener:
        """What wakes its subscriptions."""
        found = self.shared.changes
        assert isinstance(found, ChangeListener), "the product's own"
        return found


@asynccontextmanager
async def serving(world: World) -> AsyncIterator[Serving]:
    """The API as a server on a port of its own, until the block ends."""
    app = create_app(world.settings, held=world.held)
    server = server_of(app, host="127.0.0.1", port=0)
    async with sockets.running(server) as port:
        found = Serving(app, server, port)
        await asyncio.wait_for(found.changes.connected.wait(), SECONDS_MAX)
        yield found
