"""What workers are set up to do."""

from typing import get_args

from gateways.job_queue import JobName
from workers.settings import SWEEPS


def test_every_job_that_is_asked_for_is_one_that_workers_know() -> None:
    """A name that no worker knows would be a wish that nobody hears: it would wait for the cron instead."""
    assert set(get_args(JobName)) <= {job.__name__ for job in SWEEPS}
