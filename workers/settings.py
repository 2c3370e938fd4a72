"""How arq runs our jobs: which, how often, and within which bounds."""

from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any

from arq import Worker, cron
from arq.connections import RedisSettings
from arq.cron import CronJob

from gateways.job_queue import deserialize, serialize
from workers import jobs

JOB_SECONDS_MAX = 30
JOBS_AT_ONCE_MAX = 100
Job = Callable[..., Coroutine[Any, Any, None]]
"""A job as arq calls it. Any: a coroutine neither yields nor is sent anything that a caller reads."""

SWEEPS: tuple[Job, ...] = (
    jobs.send_emails,
    jobs.poll_payments,
    jobs.poll_refunds,
    jobs.sync_stripe_events,
    jobs.run_automations,
)

SWEEP_SECONDS = set(range(0, 60, 2))
"""Crons look at the tables every two seconds, so that a lost job costs no more than that."""

REMINDER_SECONDS = {15, 45}
"""Reminders are a matter of days, and finding who needs one looks at every open invoice."""


def create_worker(redis: RedisSettings, resources: AbstractAsyncContextManager[jobs.JobResources]) -> Worker:
    """A worker that takes jobs from `redis` and holds `resources` for as long as it runs; run it with `async_run`."""
    stack = AsyncExitStack()

    async def startup(ctx: dict[str, object]) -> None:
        ctx |= await stack.enter_async_context(resources)

    async def shutdown(ctx: dict[str, object]) -> None:
        del ctx
        await stack.aclose()

    return Worker(
        functions=SWEEPS,
        cron_jobs=[
            *(_sweep(work) for work in SWEEPS),
            _sweep(jobs.remind, REMINDER_SECONDS),
            _sweep(jobs.clear_changes, {50}),
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


def _sweep(work: Job, seconds: set[int] = SWEEP_SECONDS) -> CronJob:
    return cron(work, second=seconds, timeout=JOB_SECONDS_MAX, keep_result=0, max_tries=1)
