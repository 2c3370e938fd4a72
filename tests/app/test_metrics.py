"""Metrics: what is counted, what no label says, and that dashboard and alerts name what there is."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase

import models
from app.metrics import MeasuredRequests, sample_backlog
from gateways import metrics
from gateways.stripe_rate_limits import StripeRateLimits
from models.audits import note_audit
from models.backlog import Backlog
from rules.states import EmailStatus
from sandbox.process import chosen_port
from tests.app import processes
from tests.workers.processes import running, until
from tests.world import World
from workers.sweeps import Sweep

SERIES = re.compile(r"inspectpay_[a-z_]+")


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def series() -> set[str]:
    """Every name that Prometheus can be asked for."""
    found = set()
    for metric in vars(metrics).values():
        if isinstance(metric, MetricWrapperBase):
            (described,) = metric.describe()
            endings = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"], "gauge": [""]}
            found |= {described.name + ending for ending in endings[described.type]}
    return found


def test_dashboard_and_alerts_name_what_there_is() -> None:
    """A metric that is renamed would leave an alert that never fires."""
    dashboard = json.loads((processes.ROOT / "docs/grafana.json").read_text())
    asked = " ".join(target["expr"] for panel in dashboard["panels"] for target in panel["targets"])
    alerts = (processes.ROOT / "docs/operations.md").read_text().split("## Metrics and alerts")[1]
    known = series()
    shown, alerted = set(SERIES.findall(asked)), set(SERIES.findall(alerts))
    assert shown <= known
    assert alerted <= known
    assert {name.removesuffix("_bucket").removesuffix("_count").removesuffix("_sum") for name in known} <= {
        name.removesuffix("_bucket").removesuffix("_count").removesuffix("_sum") for name in shown
    }
    backlog = set(Backlog.__dataclass_fields__)
    for what in re.findall(r'what="(\w+)"', asked + alerts):
        assert what in backlog


def test_what_clients_write_is_in_no_label() -> None:
    """Names of operations are told apart only where they are ours: no endless series, nobody's address."""
    measured = MeasuredRequests(None, {"Known"})  # type: ignore[arg-type] # Nothing is sent.
    before = value("inspectpay_requests_total", operation="other", kind="query", scope="CLIENT", code="OK")
    for number in range(1000):
        noted = {"operation_name": f"clara{number}_at_people_test", "operation": "query", "scope": "CLIENT"}
        measured.count(noted, 200, 0.01)
    measured.count({"operation_name": "Known", "operation": "mutation", "codes": ["BUSY"]}, 503, 0.01)
    measured.count({}, 413, 0.01)
    after = value("inspectpay_requests_total", operation="other", kind="query", scope="CLIENT", code="OK")
    assert after - before == 1000
    assert value("inspectpay_requests_total", operation="Known", kind="mutation", scope="none", code="BUSY") == 1
    assert value("inspectpay_requests_total", operation="other", kind="none", scope="none", code="other") == 1
    assert not any("clara" in str(sample) for family in REGISTRY.collect() for sample in family.samples)


async def test_backlog_and_audit_are_told(world: World) -> None:
    job = await world.inspection()
    invoice = await job.invoice("100.00")
    await world.inspector.mutate("sendInvoice", invoiceId=invoice["id"])
    await note_audit(3)
    await sample_backlog()
    assert value("inspectpay_backlog", what="mails_queued") == 1
    assert value("inspectpay_audit_discrepancies") == 3
    assert value("inspectpay_audit_timestamp_seconds") > 0
    await models.Email.all().update(status=EmailStatus.FAILED, next_attempt_at=None)
    await note_audit(0)
    await sample_backlog()
    assert value("inspectpay_backlog", what="mails_queued") == 0
    assert value("inspectpay_backlog", what="mails_failed") == 1
    assert value("inspectpay_audit_discrepancies") == 0


async def test_sweeps_and_stripe_are_counted(world: World) -> None:
    async def work(context: Any) -> int:
        del context
        return 0

    before = value("inspectpay_sweeps_total", sweep="work", outcome="ok")
    await Sweep(work, {})._sweep()
    assert value("inspectpay_sweeps_total", sweep="work", outcome="ok") == before + 1
    limits = StripeRateLimits(world.held.redis, per_second=100)
    assert await limits.wait("acct_metrics", "GET /v1/x") == 0.0
    full = value("inspectpay_stripe_limit_left_ratio")
    for _ in range(3):
        await limits.wait("acct_metrics", "GET /v1/x")
    assert 0 <= value("inspectpay_stripe_limit_left_ratio") < full <= 1


@pytest.mark.parametrize("number", [1, 2])
async def test_each_process_of_the_api_is_counted(world: World, tmp_path: Path, number: int) -> None:
    port, measured = chosen_port(None), chosen_port(None)
    settings = world.settings.model_copy(update={"metrics_port": measured})
    url, page = f"http://127.0.0.1:{port}/graphql", f"http://127.0.0.1:{measured}/metrics/"
    words = ("serve", "--port", str(port), "--processes", str(number))
    async with running(settings, *words, log=tmp_path / "log"):
        await until(lambda: answers(url), seconds=50)
        for _ in range(20):
            async with httpx.AsyncClient(trust_env=False, timeout=30) as fresh:
                assert (await fresh.post(url, json={"query": "{ viewer { __typename } }"})).status_code in (200, 401)
        async with httpx.AsyncClient(trust_env=False) as client:
            text = (await client.get(page)).text
    counted = sum(
        float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith("inspectpay_requests_total{")
    )
    assert counted == 20
    assert "inspectpay_waiting" in text


async def answers(url: str) -> bool:
    """Whether a process serves yet. The listening socket is there before any of them does."""
    async with httpx.AsyncClient(trust_env=False) as client:
        try:
            return (await client.get(url.replace("/graphql", "/healthz"))).status_code == 200
        except httpx.TransportError:
            return False


@pytest.mark.parametrize("number", [1, 2])
async def test_worker_tells_that_its_loops_turn(world: World, tmp_path: Path, number: int) -> None:
    """Its health and its metrics are answered on ports of their own, for all of its processes."""
    health, measured = chosen_port(None), chosen_port(None)
    settings = world.settings.model_copy(update={"metrics_port": measured})
    words = ("worker", "--processes", str(number), "--health-port", str(health))

    async def well() -> bool:
        async with httpx.AsyncClient(trust_env=False) as client:
            try:
                answer = await client.get(f"http://127.0.0.1:{health}/healthz")
                text = (await client.get(f"http://127.0.0.1:{measured}/metrics/")).text
            except httpx.TransportError:
                return False
        assert answer.json() == {"status": "ok", "stuck": []}
        return 'inspectpay_backlog{what="mails_queued"}' in text and "inspectpay_sweeps_total{" in text

    async with running(settings, *words, log=tmp_path / "log"):
        await until(well, seconds=50)
