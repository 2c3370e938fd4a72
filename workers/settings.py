"""How arq runs our jobs: which, how often, and within which bounds."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any

from arq import Worker, cron
from arq.connections import RedisSettings
from arq.cron import CronJob
from arq.worker import Function, func

from gateways.job_queue import deserialize, serialize
from workers import jobs
from workers.health import Heartbeats
from workers.sweeps import Sweep

JOB_SECONDS_MAX = 30
JOBS_AT_ONCE_MAX = 100
Job = Callable[..., Coroutine[Any, Any, None]]
"""A job as arq calls it. Any: a coroutine neither yields nor is sent anything that a caller reads."""

SWEEPS: tuple[Callable[[jobs.JobContext], Coroutine[Any, Any, int | None]], ...] = (
    jobs.send_emails,
    jobs.poll_payments,
    jobs.poll_refunds,
    jobs.sync_stripe_events,
    jobs.run_automations,
)

REMINDER_SECONDS = {15, 45}
"""Reminders are a matter of days, and finding who needs one looks at every open invoice."""


def heartbeats() -> Heartbeats:
    """Of the loops that a worker has."""
    return Heartbeats(*(work.__name__ for work in SWEEPS))


def create_worker(
    redis: RedisSettings, resources: AbstractAsyncContextManager[jobs.JobResources], beats: Heartbeats | None = None
) -> Worker:
    """A worker that sweeps, takes jobs from `redis` and holds `resources` while it runs; run it with `async_run`."""
    stack = AsyncExitStack()
    sweeps: dict[str, Sweep] = {}

    async def startup(ctx: dict[str, Any]) -> None:
        ctx |= await stack.enter_async_context(resources)
        for work in SWEEPS:
            sweeps[work.__name__] = sweep = Sweep(work, ctx, beats)
            sweep.start()

    async def shutdown(ctx: dict[str, Any]) -> None:
        del ctx
        await asyncio.gather(*(sweep.stop() for sweep in sweeps.values()))
        await stack.aclose()

    def asked(name: str) -> Function:
        async def ask(ctx: dict[str, Any]) -> None:
            del ctx
            sweeps[name].ask()

        return func(ask, name=name)

    return Worker(
        functions=[asked(work.__name__) for work in SWEEPS],
        cron_jobs=[
            _cron(jobs.remind, REMINDER_SECONDS),
            _cron(jobs.clear_changes, {50}),
            _cron(jobs.remove_old, {20}),
        ],
        redis_settings=_patient(redis),
        job_serializer=serialize,
        job_deserializer=deserialize,
        on_startup=startup,
        on_shutdown=shutdown,
        max_jobs=JOBS_AT_ONCE_MAX,
        job_timeout=JOB_SECONDS_MAX,
        keep_result=0,
        max_tries=1,
        poll_delay=0.05,
        queue_read_limit=1000,
        job_completion_wait=JOB_SECONDS_MAX,
        handle_signals=False,
    )


def _patient(settings: RedisSettings) -> RedisSettings:
    """A worker outlives an outage of Redis: it waits instead of dying."""
    settings.retry_on_timeout = True
    settings.retry_on_error = [OSError]
    settings.conn_retries = 60
    return settings


def _cron(work: Job, seconds: set[int]) -> CronJob:
    return cron(work, second=seconds, timeout=JOB_SECONDS_MAX, keep_result=0, max_tries=1)
