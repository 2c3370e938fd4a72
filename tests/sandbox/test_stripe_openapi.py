"""The judge itself: that it passes what Stripe documents, and that it finds what Stripe doesn't."""

from typing import Any

import pytest

from tests.sandbox.stripe_openapi import ExchangeInvalid, description, validate_exchange, validate_log

ERROR = {"error": {"message": "No such refund: 're_1'", "type": "invalid_request_error", "code": "resource_missing"}}
REFUND = {
    "id": "re_1",
    "object": "refund",
    "amount": 100,
    "balance_transaction": None,
    "charge": "ch_1",
    "created": 1,
    "currency": "usd",
    "metadata": {},
    "payment_intent": "pi_1",
    "reason": None,
    "status": "succeeded",
}


def judge(response: Any = REFUND, *, status: int = 200, form: dict[str, Any] | None = None) -> None:
    validate_exchange("POST", "/v1/refunds", {}, form or {"payment_intent": "pi_1"}, status, response)


def test_what_stripe_documents_passes() -> None:
    judge()
    judge(form={"payment_intent": "pi_1", "amount": "100", "metadata": {"refund": "7"}, "expand": ["charge"]})
    judge(ERROR, status=404)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"amount": "100"}, "amount"),
        ({"created": None}, "created"),
        ({"invented": 1}, "invented"),
        ({"reason": "regret"}, "reason"),
        ({"charge": {"object": "charge"}}, "charge"),
    ],
)
def test_wrong_response_fields_are_reported_with_their_place(change: dict[str, Any], place: str) -> None:
    with pytest.raises(ExchangeInvalid, match=place):
        judge({**REFUND, **change})


def test_missing_response_field_is_reported() -> None:
    with pytest.raises(ExchangeInvalid, match="'amount' is a required property"):
        judge({name: value for name, value in REFUND.items() if name != "amount"})


@pytest.mark.parametrize(
    "form", [{"amount": "many"}, {"invented": "1"}, {"reason": "regret"}, {"metadata": {"nested": {"a": "b"}}}]
)
def test_wrong_request_is_reported_unless_it_was_refused(form: dict[str, Any]) -> None:
    with pytest.raises(ExchangeInvalid, match="form"):
        judge(form=form)
    judge(ERROR, status=400, form=form)


def test_wrong_error_is_reported() -> None:
    with pytest.raises(ExchangeInvalid, match="type"):
        judge({"error": {"message": "?", "type": "strange_error"}}, status=400)


def test_answer_from_an_endpoint_that_stripe_does_not_have_is_reported() -> None:
    validate_exchange("GET", "/v1/nothing", {}, {}, 404, ERROR)
    with pytest.raises(ExchangeInvalid, match="no such endpoint"):
        validate_exchange("GET", "/v1/nothing", {}, {}, 200, ERROR)


def test_object_inside_an_event_is_judged_too() -> None:
    event: dict[str, Any] = {
        "id": "evt_1",
        "object": "event",
        "api_version": None,
        "created": 1,
        "data": {"object": REFUND},
        "livemode": False,
        "pending_webhooks": 0,
        "request": None,
        "type": "refund.created",
    }
    validate_exchange("GET", "/v1/events/evt_1", {}, {}, 200, event)
    event["data"] = {"object": {**REFUND, "amount": None}}
    with pytest.raises(ExchangeInvalid, match=r"refund\.created.*amount"):
        validate_exchange("GET", "/v1/events/evt_1", {}, {}, 200, event)


def test_log_reports_every_bad_exchange_and_ignores_lost_replies() -> None:
    entry = {
        "method": "POST",
        "path": "/v1/refunds",
        "query": {},
        "params": {"payment_intent": "pi_1"},
        "status": 200,
        "response": REFUND,
        "reply_lost": False,
    }
    assert validate_log([entry, {**entry, "response": None, "reply_lost": True}, {**entry, "status": None}]) == 3
    bad = {**entry, "response": {}}
    with pytest.raises(ExchangeInvalid) as raised:
        validate_log([bad, entry, bad])
    assert len(str(raised.value).splitlines()) == 2


def test_only_the_needed_part_of_the_description_is_kept() -> None:
    assert {"checkout.session", "payment_intent", "charge", "refund", "error"} <= description()["schemas"].keys()
    assert all(operation["pattern"].startswith("/v1/") for operation in description()["operations"])
