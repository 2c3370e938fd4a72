"""The hosted checkout page, on which a person pays, is declined, tries again, or goes back."""

import json
from html import escape
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox.stripe import checkout, html
from sandbox.stripe.currencies import formatted
from sandbox.stripe.errors import StripeError
from sandbox.stripe.state import Json, Space, Store

Answer = Response
_CARDS_TO_TRY = (
    ("4242424242424242", "succeeds"),
    ("4000000000000002", "is declined"),
    ("4000000000009995", "has insufficient funds"),
    ("4000002760003184", "asks for authentication"),
    ("4000000000000259", "succeeds and is disputed"),
    ("4000000000007726", "refunds arrive later"),
    ("4000000000005126", "refunds fail later"),
)


def routes(store: Store) -> list[Route]:
    page = PayPage(store)
    return [
        Route("/c/pay/{session}", page.show, methods=["GET"]),
        Route("/c/pay/{session}/pay", page.pay, methods=["POST"]),
        Route("/c/pay/{session}/authenticate", page.authenticate, methods=["POST"]),
        Route("/c/pay/{session}/cancel", page.cancel, methods=["GET"]),
    ]


class PayPage:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def show(self, request: Request) -> Answer:
        found = self._find(request)
        if found is None:
            return _unknown()
        space, session = found
        return _closed(session) or _form(space, session)

    async def pay(self, request: Request) -> Answer:
        """`card` is a number, `bank` is `succeeds` or `fails`; as a form or as JSON."""
        return await self._try(request, self._pay)

    async def authenticate(self, request: Request) -> Answer:
        """`outcome` is `complete` or `fail`."""
        return await self._try(request, self._authenticate)

    async def cancel(self, request: Request) -> Answer:
        """Back to the shop; the session stays open, as Stripe's does."""
        found = self._find(request)
        if found is None or not found[1]["cancel_url"]:
            return _unknown()
        return RedirectResponse(found[1]["cancel_url"], status_code=303)

    def _find(self, request: Request) -> tuple[Space, Json] | None:
        self._store.catch_up()
        return self._store.locate(checkout.SESSION, request.path_params["session"])

    async def _try(self, request: Request, attempt: Any) -> Answer:
        given, is_json = await _given(request)
        found = self._find(request)
        if found is None:
            return _unknown()
        space, session = found
        if closed := _closed(session, as_json=is_json):
            return closed
        try:
            intent = attempt(space, session, given)
        except StripeError as error:
            problem = error.body()
            return JSONResponse(problem, error.status) if is_json else _form(space, session, error.message, 400)
        return _outcome(space, session, intent, as_json=is_json)

    def _pay(self, space: Space, session: Json, given: dict[str, str]) -> Json:
        billing = {name: given[name] for name in ("email", "name") if given.get(name)}
        if given.get("card"):
            return checkout.pay_with_card(self._store, space, session, given["card"], billing)
        if given.get("bank") not in ("succeeds", "fails"):
            raise StripeError("Give a card number in `card`, or `succeeds` or `fails` in `bank`.", param="card")
        return checkout.pay_by_bank(self._store, space, session, succeeds=given["bank"] == "succeeds", billing=billing)

    def _authenticate(self, space: Space, session: Json, given: dict[str, str]) -> Json:
        if given.get("outcome") not in ("complete", "fail"):
            raise StripeError("Give `complete` or `fail` in `outcome`.", param="outcome")
        return checkout.authenticate(self._store, space, session, succeeds=given["outcome"] == "complete")


async def _given(request: Request) -> tuple[dict[str, str], bool]:
    if request.headers.get("content-type", "").startswith("application/json"):
        try:
            body = json.loads(await request.body())
        except ValueError:
            body = None
        fields = body if isinstance(body, dict) else {}
        return {name: str(value) for name, value in fields.items()}, True
    form = await request.form()
    return {name: str(value) for name, value in form.items()}, False


def _outcome(space: Space, session: Json, intent: Json, *, as_json: bool) -> Answer:
    if session["status"] == "complete":
        target = session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"])
        if as_json:
            body = {"session": session["id"], "payment_intent": intent["id"], "status": intent["status"], "url": target}
            return JSONResponse(body, 303, headers={"Location": target})
        return RedirectResponse(target, status_code=303)
    error = intent["last_payment_error"]
    status = 402 if error else 200
    if as_json:
        body = {"session": session["id"], "payment_intent": intent["id"], "status": intent["status"], "error": error}
        return JSONResponse(body, status)
    return _form(space, session, error["message"] if error else None, status)


def _unknown() -> HTMLResponse:
    return html.page("Nothing here", "<p>There is no such checkout session.</p>", status=404)


def _closed(session: Json, *, as_json: bool = False) -> Answer | None:
    """What a page says that can't be paid on any more; None while it can."""
    if session["status"] == "open":
        return None
    is_paid = session["status"] == "complete"
    status = 409 if is_paid else 410
    message = "This checkout session is complete." if is_paid else "This checkout session has expired."
    if as_json:
        return JSONResponse(
            {"session": session["id"], "status": session["status"], "error": {"message": message}}, status
        )
    detail = "Nothing more is to be paid here." if is_paid else "Ask whoever sent you here for a new link."
    return html.page(message, f"<p>{detail}</p>", status=status)


def _form(space: Space, session: Json, problem: str | None = None, status: int = 200) -> HTMLResponse:
    amount = formatted(session["amount_total"], session["currency"])
    lines = "".join(
        f"<tr><td>{escape(line['description'])}</td><td>{line['quantity']}</td>"
        f"<td>{escape(formatted(line['amount_total'], line['currency']))}</td></tr>"
        for line in checkout.lines_of(space, session)
    )
    parts = [f'<p class="error" role="alert">{escape(problem)}</p>'] if problem else []
    parts.append(f"<table><tr><th>Item</th><th>Quantity</th><th>Amount</th></tr>{lines}</table>")
    action = f"/c/pay/{escape(session['id'])}"
    parts.append(_authentication(action) if _waits(space, session) else _methods(action, session, amount))
    if session["cancel_url"]:
        parts.append(f'<p><a href="{action}/cancel">Go back without paying</a></p>')
    return html.page(f"Pay {amount}", "".join(parts), status=status)


def _waits(space: Space, session: Json) -> bool:
    intent = space.find("payment_intent", session["payment_intent"] or "")
    return intent is not None and intent["status"] == "requires_action"


def _authentication(action: str) -> str:
    return (
        f'<form method="post" action="{action}/authenticate"><p>Your bank wants to know that it is you.</p>'
        '<button name="outcome" value="complete">It is me</button> '
        '<button name="outcome" value="fail">Fail the check</button></form>'
    )


def _methods(action: str, session: Json, amount: str) -> str:
    cards = "".join(f'<option value="{number}">{what}</option>' for number, what in _CARDS_TO_TRY)
    email = escape(session["customer_email"] or "")
    parts = [
        f'<form method="post" action="{action}/pay"><label>Card number'
        f'<input name="card" list="cards" inputmode="numeric" autocomplete="off" required></label>'
        f'<datalist id="cards">{cards}</datalist><label>Email<input name="email" type="email" value="{email}"></label>'
        f"<button>Pay {escape(amount)} by card</button></form>"
    ]
    if "us_bank_account" in session["payment_method_types"]:
        parts.append(
            f'<form method="post" action="{action}/pay"><p>Bank debit: the money comes, or not, days later '
            '(here: when the debit is settled).</p><button name="bank" value="succeeds">Debit that succeeds</button> '
            '<button name="bank" value="fails">Debit that fails</button></form>'
        )
    return "".join(parts)
