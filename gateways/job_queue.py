"""How jobs travel: as JSON, under names, without arguments. What there is to do stands in the tables."""

import json
from typing import Literal

import structlog
from arq.connections import ArqRedis
from redis.exceptions import RedisError

JobName = Literal["send_emails", "run_automations", "sync_stripe_events"]
"""The jobs that somebody asks for before their cron comes."""

log = structlog.get_logger(__name__)


def serialize(job: dict[str, object]) -> bytes:
    """A job as JSON: unlike pickle, nothing in it can run."""
    return json.dumps(job, default=str).encode()


def deserialize(data: bytes) -> dict[str, object]:
    """The job back from JSON."""
    job: dict[str, object] = json.loads(data)
    return job


async def enqueue(redis: ArqRedis, name: JobName) -> None:
    """Ask the workers to look now. Losing this loses a moment: a cron sweeps the tables anyway."""
    try:
        await redis.enqueue_job(name)
    except (RedisError, OSError) as fault:
        log.warning("enqueue_failed", job=name, fault=type(fault).__name__)
