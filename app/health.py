"""What a load balancer asks: whether the process lives, and whether what it stands on answers."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from graphql_server.http.answers import json_response

Check = Callable[[], Awaitable[object]]


class NotReady(Exception):
    """A check that failed for a reason that may be told: its message is a sentence without secrets."""


CHECK_SECONDS_MAX: Final = 2.0
OK: Final = "ok"
FAILED: Final = "failed"

log = structlog.get_logger(__name__)


def health_routes(checks: Mapping[str, Check]) -> list[Route]:
    """`/healthz` and `/readyz`; a check passes when it returns in time, whatever it returns.

    What failed is told by its name, and by a sentence where the check raised NotReady.
    """

    async def healthz(_: Request) -> Response:
        return json_response({"status": "ok"})

    async def readyz(_: Request) -> Response:
        found = await asyncio.gather(*(_outcome(name, check) for name, check in checks.items()))
        good = all(outcome == OK for outcome in found)
        report = dict(zip(checks, found, strict=True))
        return json_response({"status": OK if good else FAILED, "checks": report}, 200 if good else 503)

    return [Route("/healthz", healthz, methods=["GET"]), Route("/readyz", readyz, methods=["GET"])]


async def _outcome(name: str, check: Check) -> str:
    """Only the class of what went wrong is logged: a driver's message may quote the address with its password."""
    try:
        async with asyncio.timeout(CHECK_SECONDS_MAX):
            await check()
    except NotReady as reason:
        log.warning("check_failed", check=name, reason=str(reason))
        return str(reason)
    except Exception as fault:
        log.warning("check_failed", check=name, fault=type(fault).__name__)
        return FAILED
    return OK
