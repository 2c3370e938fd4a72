"""Files for bookkeeping at signed addresses."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from functools import partial
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from app.signing import check_address
from operations.exporting import payments_csv, receivables_csv
from operations.movements import Period


def export_routes(key: str) -> list[Route]:
    """The addresses of exports; a signature made with `key` is the right to read one, of one company and period."""
    return [
        Route(f"/exports/{name}.csv", partial(_export, key, name, rows), methods=["GET"])
        for name, rows in (("payments", payments_csv), ("receivables", receivables_csv))
    ]


async def _export(
    key: str, name: str, rows: Callable[[UUID, Period], AsyncIterator[str]], request: Request
) -> Response:
    given = request.query_params
    check_address(request.url.path, given, key=key)
    period = Period(datetime.fromisoformat(given["from"]), datetime.fromisoformat(given["to"]))
    name = f"{name}-{period.start:%Y%m%d}-{period.end:%Y%m%d}.csv"
    return StreamingResponse(
        rows(UUID(given["company"]), period),
        media_type="text/csv; charset=utf-8; header=present",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
