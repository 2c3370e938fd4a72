"""The worker of one deployment: arq's, with this process's Redis and connections."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from arq import Worker

from app.resources import redis_settings, resources
from app.settings import Settings
from workers.jobs import JobResources
from workers.settings import create_worker


def worker_of(settings: Settings) -> Worker:
    """A worker that enters the same resources as the API. It runs once: make another one to go on."""
    return create_worker(redis_settings(settings), _job_resources(settings))


@asynccontextmanager
async def _job_resources(settings: Settings) -> AsyncIterator[JobResources]:
    async with resources(settings, background=True) as held:
        yield {
            "stripe": held.stripe,
            "mailer": held.mailer,
            "portals": settings.portals,
            "concurrency": settings.worker_concurrency,
        }
