"""The story: told to its end by `make story`, and ended at once by anything that is not as told."""

from collections.abc import Callable
from typing import Any

import pytest

from app.commands import callers, main_job, story
from app.commands.callers import Caller, Surprise, expect, until
from tests.app import processes


def test_story_is_told_to_its_end() -> None:
    told = processes.run("story")
    assert told.returncode == 0, told.stdout + told.stderr
    for words in ("$450.00 in all", "$125.00 due", "declines his first card", "$125.00. ", "refused", "as told"):
        assert words in told.stdout, words
    assert told.stderr == ""


def answering(monkeypatch: pytest.MonkeyPatch, body: Any) -> Caller:
    class Response:
        def json(self) -> Any:
            return body

    monkeypatch.setattr(callers, "post", lambda *_, **__: Response())
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


def test_a_story_that_differs_ends_with_status_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Played up to its second chapter, which this story wants otherwise."""

    def want_otherwise(self: main_job.MainJob) -> None:
        expect("The Stripe connection", "NOT_CONNECTED", "READY")

    monkeypatch.setattr(main_job.MainJob, "connect_stripe", want_otherwise)
    with pytest.raises(SystemExit) as ended:
        story.run()
    assert ended.value.code == 1
    assert "The story went otherwise: The Stripe connection should be READY" in capsys.readouterr().err
