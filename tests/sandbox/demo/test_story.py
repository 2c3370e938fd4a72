"""The story: told to its end by `make story`, and ended at once by anything that is not as told."""

import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from sandbox.demo import api_client, story
from sandbox.demo.api_client import Caller, Surprise, expect, until
from sandbox.demo.chapters.months_report import ZONE, this_month
from sandbox.demo.dev_environment import DevEnvironment, Ports
from tests.app import processes

STORY_SECONDS_MAX = 240.0
"""It takes half a minute alone, and several times that beside other tests."""

TOLD = {
    "I. The main job": ("$450.00 in all", "$125.00 due", "declines his first card", "$125.00. ", "refused"),
    "II. The payments box": ("revision 2", "strikes it out", "are credited", "due again", "overpaid $60.00"),
    "III. An invoice's life": ("are dead", "short", "written off", "settles it", "returned", "loses the dispute"),
    "IV. People and messages": ("attorney", "never of the one before", "second version", "report opens", "revokes"),
    "V. Trouble at Stripe": ("RMA-77", "nothing goes back twice", "DISCONNECTED", "found and booked"),
    "VI. The month's report": ("Received $2,720.00, gone back $635.00, still owed $550.00",),
    "The audit": ("Every stored balance follows from its entries, and payments agree with Stripe.", "as told"),
}


def test_story_is_told_to_its_end() -> None:
    told = processes.run("story", seconds_max=STORY_SECONDS_MAX)
    assert told.returncode == 0, told.stdout + told.stderr
    rest = told.stdout
    for title, chapter in TOLD.items():
        _, found, rest = rest.partition(f"\n{title}\n")
        assert found, title
        for words in chapter:
            assert words in rest, words
    assert told.stderr == ""


def test_an_audit_that_fails_ends_the_story(tmp_path: Path) -> None:
    nowhere = {
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing",
        "STRIPE_API_KEY": "sk_test_nothing",
        "STRIPE_BASE_URL": "http://127.0.0.1:1",
    }
    with pytest.raises(Surprise, match="the audit should find nothing, but says"):
        story.audit(DevEnvironment(Ports(1), tmp_path, nowhere))


def test_a_month_is_the_companys_own() -> None:
    start, end = this_month(datetime(2026, 12, 31, 23, 30, tzinfo=ZONE))
    assert (start.isoformat(), end.isoformat()) == ("2026-12-01T00:00:00-06:00", "2027-01-01T00:00:00-06:00")


def answering(monkeypatch: pytest.MonkeyPatch, body: Any) -> Caller:
    class Response:
        def json(self) -> Any:
            return body

    monkeypatch.setattr(api_client, "post", lambda *_, **__: Response())
    return Caller("Olivia", "http://localhost:1")


def test_an_error_where_none_is_told_ends_the_story(monkeypatch: pytest.MonkeyPatch) -> None:
    olivia = answering(monkeypatch, {"errors": [{"message": "No.", "extensions": {"code": "BUSY"}}]})
    with pytest.raises(Surprise, match=r"Olivia should have been answered, but was told: No\."):
        olivia.read("{ viewer { __typename } }")


def test_a_refusal_where_none_is_told_ends_the_story(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = {"data": {"addInvoice": {"userErrors": [{"code": "NOTHING_TO_INVOICE", "message": "Nothing."}]}}}
    with pytest.raises(Surprise, match=r"Olivia's addInvoice was refused: Nothing\."):
        answering(monkeypatch, refused).mutate("addInvoice")


def test_an_answer_where_a_refusal_is_told_ends_the_story(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Surprise, match="should have been refused, but was told"):
        answering(monkeypatch, {"data": {"inspection": {"id": "1"}}}).is_kept_out("{ inspection { id } }")
    with pytest.raises(Surprise, match="should have been refused, but it was done"):
        answering(monkeypatch, {"data": {"startPayment": {"userErrors": []}}}).is_refused("startPayment")


@pytest.mark.parametrize(
    ("differing", "sentence"),
    [
        (lambda: expect("What remains", "$0.01", "$0.00"), "What remains should be $0.00, but is $0.01."),
        (
            lambda: until("The mail", lambda: 0, 1, seconds_max=0.1),
            "The mail should be 1 within 0.1 s, but is 0.",
        ),
    ],
)
def test_a_difference_is_a_sentence(differing: Callable[[], None], sentence: str) -> None:
    with pytest.raises(Surprise) as surprise:
        differing()
    assert str(surprise.value) == sentence


WANTING_OTHERWISE = """
from sandbox.demo import story
from sandbox.demo.chapters import main_job
from sandbox.demo.api_client import expect

main_job.MainJob.connect_stripe = lambda self: expect("The Stripe connection", "NOT_CONNECTED", "READY")
story.run()
"""


def test_a_story_that_differs_ends_with_status_1() -> None:
    """Played up to its second step, which this story wants otherwise."""
    told = subprocess.run(
        [sys.executable, "-c", WANTING_OTHERWISE],
        cwd=processes.ROOT,
        env=processes.clean(),
        capture_output=True,
        text=True,
        timeout=STORY_SECONDS_MAX,
        check=False,
    )
    assert told.returncode == 1, told.stdout + told.stderr
    assert "The story went otherwise: The Stripe connection should be READY" in told.stderr
