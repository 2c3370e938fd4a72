"""The simulator's own controls below `/_control`: what only the world outside Stripe, time, or a test can cause."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.stripe import accounts, checkout, disputes, foreign, payments, refunds
from sandbox.stripe.errors import StripeError
from sandbox.stripe.faults import Fault, FaultInvalid, Faults
from sandbox.stripe.idempotency import IdempotencyKeys
from sandbox.stripe.request_log import RequestLog
from sandbox.stripe.state import Json, Space, Store
from sandbox.stripe.webhooks import Webhooks


class ControlRefused(ValueError):
    """A control that can't be understood or done; the sentence names the field."""


class Control:
    def __init__(
        self, store: Store, keys: IdempotencyKeys, faults: Faults, log: RequestLog, webhooks: Webhooks
    ) -> None:
        self.store = store
        self.keys = keys
        self.faults = faults
        self.log = log
        self.webhooks = webhooks

    def routes(self) -> list[Route]:
        table: list[tuple[str, str, Callable[[Request, Json], Any]]] = [
            ("GET", "/ready", lambda request, given: {"ready": True}),
            ("POST", "/reset", self.reset),
            ("POST", "/clock", self.move_clock),
            ("POST", "/accounts", self.add_account),
            ("POST", "/accounts/{id}", self.change_account),
            ("POST", "/accounts/{id}/revoke", self.revoke_account),
            ("POST", "/accounts/{id}/reject", self.reject_account),
            ("POST", "/accounts/{id}/restore", self.restore_account),
            ("POST", "/foreign/payments", self.add_foreign_payment),
            ("POST", "/foreign/refunds", self.add_foreign_refund),
            ("POST", "/foreign/balance", self.move_foreign_balance),
            ("POST", "/settle", self.settle),
            ("POST", "/refunds/{id}", self.conclude_refund),
            ("POST", "/disputes", self.open_dispute),
            ("POST", "/disputes/{id}", self.decide_dispute),
            ("POST", "/returns", self.return_debit),
            ("POST", "/webhook", self.set_webhook),
            ("POST", "/events/{id}/deliver", self.deliver_event),
            ("POST", "/forget_idempotency_keys", lambda request, given: {"forgotten": self.keys.forget()}),
            ("GET", "/faults", lambda request, given: {"data": self.faults.waiting()}),
            ("POST", "/faults", self.add_fault),
            ("DELETE", "/faults", lambda request, given: self.faults.clear()),
            ("GET", "/requests", self.list_requests),
            ("DELETE", "/requests", lambda request, given: self.log.clear()),
        ]
        return [Route(f"/_control{path}", self._guarded(act), methods=[method]) for method, path, act in table]

    def reset(self, request: Request, given: Json) -> None:
        """Forget everything but the webhook endpoint."""
        self.store.reset()
        self.keys.reset()
        self.faults.clear()
        self.log.clear()

    def move_clock(self, request: Request, given: Json) -> Json:
        seconds = given.get("advance_seconds")
        if isinstance(seconds, bool) or not isinstance(seconds, int) or seconds < 0:
            raise ControlRefused("advance_seconds must be a whole number of seconds, zero or more.")
        self.store.clock.offset_seconds += seconds
        self.store.catch_up()
        return {"now": self.store.clock.now()}

    def add_account(self, request: Request, given: Json) -> Json:
        """`ready` makes one that can charge at once."""
        _only(given, "ready", "id", "email", "country", "currency", "metadata")
        if given.get("id") in self.store.spaces:
            raise ControlRefused(f"id: there is an account {given['id']} already.")
        account = accounts.add_account(
            self.store,
            id=given.get("id"),
            email=given.get("email"),
            country=given.get("country", "US"),
            currency=given.get("currency", "usd"),
            metadata=given.get("metadata", {}),
        )
        if given.get("ready", True):
            accounts.complete_onboarding(self.store, account)
        return {"id": account["id"], "account": account}

    def change_account(self, request: Request, given: Json) -> Json:
        _only(given, "charges_enabled", "payouts_enabled", "details_submitted", "disabled_reason")
        account = self._account(request.path_params["id"])
        accounts.change(self.store, account, **given)
        return account

    def revoke_account(self, request: Request, given: Json) -> Json:
        """Its owner disconnects the platform, or closes the account."""
        account = self._account(request.path_params["id"])
        accounts.revoke(self.store, account)
        return account

    def reject_account(self, request: Request, given: Json) -> Json:
        """Stripe rejects the account; `reason` is what `requirements.disabled_reason` will read."""
        _only(given, "reason")
        reason = given.get("reason", "rejected.fraud")
        if reason not in accounts.REJECTIONS:
            raise ControlRefused(f"reason must be one of {', '.join(accounts.REJECTIONS)}.")
        account = self._account(request.path_params["id"])
        accounts.reject(self.store, account, reason=reason)
        return account

    def restore_account(self, request: Request, given: Json) -> Json:
        """A revoked or rejected account is as it was before."""
        account = self._account(request.path_params["id"])
        accounts.restore(self.store, account)
        return account

    def add_foreign_payment(self, request: Request, given: Json) -> Json:
        """Somebody else's payment, or with `way` setup their checkout without one; ids of what it is made of."""
        _only(given, "account", "way", "amount", "currency", "metadata", "client_reference_id", "card")
        space = self._space(given.pop("account", None))
        way = given.pop("way", "checkout")
        if way == "setup":
            return foreign.save_card(self.store, space)
        if way not in foreign.WAYS:
            raise ControlRefused(f"way must be one of {', '.join((*foreign.WAYS, 'setup'))}.")
        return foreign.pay(self.store, space, way=way, base_url=str(request.base_url).rstrip("/"), **given)

    def add_foreign_refund(self, request: Request, given: Json) -> Json:
        """Somebody else refunds a payment, theirs or ours, named by `charge` or `payment_intent`."""
        _only(given, "charge", "payment_intent", "amount", "metadata")
        space, charge = self._charge(given)
        return foreign.refund(
            self.store, space, charge, amount=given.get("amount"), given_metadata=given.get("metadata")
        )

    def move_foreign_balance(self, request: Request, given: Json) -> Json:
        """A balance entry of no payment: `kind` payout, or a fee of Stripe's."""
        _only(given, "account", "kind", "amount")
        space, amount = self._space(given.get("account")), given.get("amount", 100)
        if given.get("kind", "payout") == "payout":
            return foreign.pay_out(self.store, space, amount=amount)
        if given["kind"] == "fee":
            return foreign.take_fee(self.store, space, amount=amount)
        raise ControlRefused("kind must be payout or fee.")

    def settle(self, request: Request, given: Json) -> Json:
        """The bank answers: pending debits and refunds reach their end; of one `payment_intent` or `refund`, or all."""
        _only(given, "payment_intent", "refund")
        wanted_intent, wanted_refund = given.get("payment_intent"), given.get("refund")
        settled: list[str] = []
        for space in list(self.store.spaces.values()):
            for session in list(space.all(checkout.SESSION)):
                is_wanted = wanted_refund is None and wanted_intent in (None, session["payment_intent"])
                if is_wanted and checkout.is_settling(space, session):
                    settled.append(checkout.settle(self.store, space, session)["id"])
            for refund in list(space.all("refund")):
                is_wanted = wanted_refund in (None, refund["id"]) and wanted_intent in (None, refund["payment_intent"])
                if is_wanted and refunds.settle(self.store, space, refund):
                    settled.append(refund["id"])
        return {"settled": settled}

    def conclude_refund(self, request: Request, given: Json) -> Json:
        """Bring a refund to a status that no test card leads to."""
        statuses = ("pending", "requires_action", "succeeded", "failed", "canceled")
        if given.get("status") not in statuses:
            raise ControlRefused(f"status must be one of {', '.join(statuses)}.")
        space, refund = self._locate("refund", request.path_params["id"])
        refunds.conclude(self.store, space, refund, status=given["status"])
        space.hidden.get(refund["id"], {}).pop("settles_to", None)
        return refund

    def open_dispute(self, request: Request, given: Json) -> Json:
        _only(given, "charge", "payment_intent", "reason", "inquiry")
        space, charge = self._charge(given)
        return disputes.open_dispute(
            self.store,
            space,
            charge,
            reason=given.get("reason", "fraudulent"),
            is_inquiry=bool(given.get("inquiry", False)),
        )

    def decide_dispute(self, request: Request, given: Json) -> Json:
        if given.get("outcome") not in ("won", "lost"):
            raise ControlRefused("outcome must be won or lost.")
        space, dispute = self._locate("dispute", request.path_params["id"])
        disputes.close(self.store, space, dispute, outcome=given["outcome"])
        return dispute

    def return_debit(self, request: Request, given: Json) -> Json:
        """A bank takes a debit back that had succeeded: a dispute that is lost from the start (see disputes.py)."""
        _only(given, "payment_intent", "reason")
        reason = given.get("reason", "insufficient_funds")
        if reason not in disputes.RETURN_REASONS:
            raise ControlRefused(f"reason must be one of {', '.join(disputes.RETURN_REASONS)}.")
        space, charge = self._charge(given)
        if not payments.is_bank_debit(charge):
            raise ControlRefused("payment_intent: only bank debits are returned; this one was paid by card.")
        return disputes.return_debit(self.store, space, charge, reason=reason)

    def set_webhook(self, request: Request, given: Json) -> Json:
        _only(given, "url", "secret")
        try:
            self.webhooks.configure(given.get("url"), given.get("secret"))
        except ValueError as error:
            raise ControlRefused(f"secret: {error}") from error
        return {"url": self.webhooks.url}

    def deliver_event(self, request: Request, given: Json) -> Json:
        """Deliver an event once more: webhooks come late and twice."""
        space, event = self._locate("event", request.path_params["id"])
        self.webhooks.deliver(space, event)
        return event

    def add_fault(self, request: Request, given: Json) -> Json:
        _only(given, "match", "kind", "value", "count", "saved", "effect")
        if missing := [name for name in ("match", "kind") if name not in given]:
            raise ControlRefused(f"{missing[0]} is missing.")
        fault = self.faults.add(Fault(**given))
        return {"id": fault.id}

    def list_requests(self, request: Request, given: Json) -> Json:
        return {"data": self.log.all(with_bodies=request.query_params.get("bodies") == "1")}

    def _locate(self, kind: str, object_id: Any) -> tuple[Space, Json]:
        found = self.store.locate(kind, object_id) if isinstance(object_id, str) else None
        if found is None:
            raise ControlRefused(f"There is no {kind} {object_id!r}.")
        return found

    def _account(self, account_id: Any) -> Json:
        return self._locate("account", account_id)[1]

    def _space(self, account_id: Any) -> Space:
        return self.store.spaces[self._account(account_id)["id"]]

    def _charge(self, given: Json) -> tuple[Space, Json]:
        if "charge" in given:
            return self._locate("charge", given["charge"])
        space, intent = self._locate("payment_intent", given.get("payment_intent"))
        if intent["status"] != "succeeded":
            raise ControlRefused(f"payment_intent {intent['id']} is {intent['status']}; it must have succeeded.")
        return space, space.get("charge", intent["latest_charge"])

    def _guarded(self, act: Callable[[Request, Json], Any]) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            try:
                given = _object(await request.body())
                self.store.catch_up()
                return JSONResponse(act(request, given) or {})
            except (ControlRefused, FaultInvalid, StripeError, json.JSONDecodeError) as error:
                return JSONResponse({"error": str(error)}, status_code=400)

        return answer


def _object(body: bytes) -> Json:
    given = json.loads(body or b"{}")
    if not isinstance(given, dict):
        raise ControlRefused("The body must be a JSON object.")
    return given


def _only(given: Json, *known: str) -> None:
    if unknown := sorted(given.keys() - set(known)):
        raise ControlRefused(f"{unknown[0]} is unknown here; known are {', '.join(known)}.")
