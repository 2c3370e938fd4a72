"""How jobs travel: as JSON, under names, with keys of rows for arguments. Losing the queue loses nothing else."""

import json
from typing import Any
from uuid import UUID

import structlog
from arq.connections import ArqRedis
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)


def serialize(job: dict[str, Any]) -> bytes:
    """A job as JSON: unlike pickle, nothing in it can run."""
    return json.dumps(job, default=str).encode()


def deserialize(data: bytes) -> dict[str, Any]:
    """The job back from JSON."""
    job: dict[str, Any] = json.loads(data)
    return job


async def enqueue(redis: ArqRedis, name: str, row_id: UUID | None = None) -> None:
    """Ask the workers to look now. Losing this loses a moment: a cron sweeps the tables anyway."""
    arguments = [] if row_id is None else [str(row_id)]
    try:
        await redis.enqueue_job(name, *arguments)
    except (RedisError, OSError) as fault:
        log.warning("enqueue_failed", job=name, fault=type(fault).__name__)
