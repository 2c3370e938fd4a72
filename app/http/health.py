"""What a load balancer asks: whether the process lives, and whether what it stands on answers."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.http.graphql import json_response

Check = Callable[[], Awaitable[object]]

CHECK_SECONDS_MAX: Final = 2.0

log = structlog.get_logger(__name__)


def health_routes(checks: Mapping[str, Check]) -> list[Route]:
    """`/healthz` and `/readyz`; a check passes when it returns in time, whatever it returns."""

    async def healthz(_: Request) -> Response:
        return json_response({"status": "ok"})

    async def readyz(_: Request) -> Response:
        passed = await asyncio.gather(*(_passes(name, check) for name, check in checks.items()))
        report = {name: "ok" if good else "failed" for name, good in zip(checks, passed, strict=True)}
        return json_response(
            {"status": "ok" if all(passed) else "failed", "checks": report}, 200 if all(passed) else 503
        )

    return [Route("/healthz", healthz, methods=["GET"]), Route("/readyz", readyz, methods=["GET"])]


async def _passes(name: str, check: Check) -> bool:
    """Only the class of what went wrong is logged: a driver's message may quote the address with its password."""
    try:
        async with asyncio.timeout(CHECK_SECONDS_MAX):
            await check()
    except Exception as fault:
        log.warning("check_failed", check=name, fault=type(fault).__name__)
        return False
    return True
