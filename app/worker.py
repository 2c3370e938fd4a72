"""The worker of one deployment: arq's, with this process's Redis and connections."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from arq import Worker

from app.metrics import BACKLOG_SECONDS, sample_backlog, sampling
from app.resources import redis_settings, resources
from app.settings import Settings
from workers.health import Heartbeats
from workers.jobs import JobResources
from workers.settings import create_worker


def worker_of(settings: Settings, beats: Heartbeats | None = None) -> Worker:
    """A worker that enters the same resources as the API. It runs once: make another one to go on."""
    return create_worker(redis_settings(settings), _job_resources(settings), beats)


@asynccontextmanager
async def _job_resources(settings: Settings) -> AsyncIterator[JobResources]:
    async with AsyncExitStack() as stack:
        held = await stack.enter_async_context(resources(settings, background=True))
        if settings.metrics_port:
            await stack.enter_async_context(sampling(sample_backlog, every_seconds=BACKLOG_SECONDS))
        yield {
            "stripe": held.stripe,
            "mailer": held.mailer,
            "portals": settings.portals,
            "concurrency": settings.worker_concurrency,
        }
