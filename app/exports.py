"""Files for bookkeeping at signed addresses."""

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route

from app.absence import absent
from app.signing import AddressExpired, check_address
from graphql_server.http.origins import readable_by
from operations.identity.contacts import contact_of_company
from operations.ledger.entries import Period
from operations.ledger.payment_exports import payments_csv, receivables_csv
from rules.errors import NotFound


def export_routes(keys: Sequence[str], origins: Collection[str]) -> list[BaseRoute]:
    """The addresses of exports; a signature by one of `keys` is the right to read one, of one company and period.

    Pages of `origins` may also read what they fetch from it.
    """
    routes = [
        Route(f"/{name}.csv", partial(_export, keys, name, rows), methods=["GET"])
        for name, rows in (("payments", payments_csv), ("receivables", receivables_csv))
    ]
    return [Mount("/exports", routes=routes, middleware=[readable_by(origins)])]


async def _export(
    keys: Sequence[str], name: str, rows: Callable[[UUID, Period], AsyncIterator[str]], request: Request
) -> Response:
    given = request.query_params
    try:
        check_address(request.url.path, given, keys=keys)
    except AddressExpired as expired:
        return absent(request, expired, await contact_of_company(UUID(given["company"])))
    except NotFound as refusal:
        return absent(request, refusal)
    period = Period(datetime.fromisoformat(given["from"]), datetime.fromisoformat(given["to"]))
    name = f"{name}-{period.start:%Y%m%d}-{period.end:%Y%m%d}.csv"
    return StreamingResponse(
        rows(UUID(given["company"]), period),
        media_type="text/csv; charset=utf-8; header=present",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
