"""The money under random use: whatever is done, in any order, every cent stays accounted for.

Hypothesis plays the operations against PostgreSQL and the Stripe simulator from a thread of its own, while the
operations run in the tests' event loop.
"""

import asyncio
import os
import random
from collections.abc import Coroutine
from decimal import Decimal
from typing import Any, ClassVar

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as given
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from rules.errors import Refusal
from rules.states import RefundDisposition
from tests.moving_clock import MovingClock, moving_clock
from tests.operations.money_actions import MoneyActions
from tests.operations.money_checks import discrepancies, discrepancies_at_stripe, ledger_digest
from tests.operations.stripe_trouble import HALF_A_DAY, StripeTrouble
from tests.world import World

EXAMPLES = 4
STEPS = 100
PARTS = 10
STEPS_MIN = 300
"""4 examples of up to 100 steps in 10 parts, of which each plays 300 at least: 3,000 steps in a run."""

AMOUNTS = given.integers(1, 50_000).map(lambda minor: Decimal(minor) / 100)
PICKS = given.integers(0, 1_000)
CARDS = ("4242424242424242", "4000000000000002", "4000000000000259", "4000000000005126", "4000000000007726")
FORMS = given.sampled_from([*({"card": card} for card in CARDS), {"bank": "succeeds"}, {"bank": "fails"}])
ENDINGS = given.sampled_from(["void_invoice", "close_invoice_short", "mark_invoice_uncollectible"])
DISPOSITIONS = given.sampled_from(RefundDisposition)


class MoneyMachine(RuleBasedStateMachine):
    """Two inspections of one company, everybody who may touch their money, and all that goes wrong at Stripe."""

    world: ClassVar[World]
    time: ClassVar[MovingClock]
    loop: ClassVar[asyncio.AbstractEventLoop]
    steps: ClassVar[int] = 0

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run `work` in the tests' loop; a refusal is one of the answers that money may give."""

        async def refusable() -> Any:
            try:
                return await work
            except Refusal as refusal:
                return refusal

        return asyncio.run_coroutine_threadsafe(refusable(), self.loop).result(timeout=60)

    @initialize()
    def begin(self) -> None:
        self.actions = MoneyActions(self.world, self.time)
        self.trouble = StripeTrouble(self.actions)
        self.true_ledgers = ""  # What was found to be true, in short.
        self.answered = True  # Whether Stripe has answered all calls so far: then our books agree with it at once.
        self.run(self.actions.begin())
        self.has_begun = True

    @rule(n=PICKS, amount=AMOUNTS, discount=given.booleans())
    def add_item(self, n: int, amount: Decimal, discount: bool) -> None:
        self.run(self.actions.add_item(n, amount, discount=discount))

    @rule(n=PICKS, amount=AMOUNTS)
    def edit_item(self, n: int, amount: Decimal) -> None:
        self.run(self.actions.edit_item(n, amount))

    @rule(n=PICKS)
    def remove_item(self, n: int) -> None:
        self.run(self.actions.remove_item(n))

    @rule(n=PICKS, amount=given.none() | AMOUNTS)
    def save_invoice(self, n: int, amount: Decimal | None) -> None:
        self.run(self.actions.save_invoice(n, amount))

    @rule(n=PICKS)
    def open_invoice(self, n: int) -> None:
        self.run(self.actions.open_invoice(n))

    @rule(n=PICKS)
    def send_invoice(self, n: int) -> None:
        self.run(self.actions.send_invoice(n))

    @rule(n=PICKS, how=ENDINGS)
    def end_invoice(self, n: int, how: str) -> None:
        before = self.run(self.actions.owed())
        self.run(self.actions.end_invoice(n, how))
        assert self.run(self.actions.owed()) <= before, "ending an invoice bills nobody for what was given back"

    @rule(n=PICKS, amount=given.none() | AMOUNTS)
    def start_payment(self, n: int, amount: Decimal | None) -> None:
        self.run(self.actions.start_payment(n, amount))

    @rule(n=PICKS, form=FORMS)
    def pay(self, n: int, form: dict[str, str]) -> None:
        self.run(self.actions.pay(n, form))

    @rule(n=PICKS, form=given.sampled_from([{"card": CARDS[0]}, {"card": CARDS[2]}, {"bank": "succeeds"}]))
    def pay_through(self, n: int, form: dict[str, str]) -> None:
        self.start_payment(n, None)
        self.pay(0, form)
        self.workers_look()

    @rule(n=PICKS)
    def cancel_payment(self, n: int) -> None:
        self.run(self.actions.cancel_payment(n))

    @rule(n=PICKS, amount=AMOUNTS)
    def take_cash(self, n: int, amount: Decimal) -> None:
        self.run(self.actions.take_cash(n, amount))

    @rule(n=PICKS)
    def strike_out_cash(self, n: int) -> None:
        self.run(self.actions.strike_out_cash(n))

    @rule(n=PICKS, amount=given.none() | AMOUNTS, disposition=DISPOSITIONS)
    def refund(self, n: int, amount: Decimal | None, disposition: RefundDisposition) -> None:
        self.run(self.actions.refund(n, amount, disposition))

    @rule()
    def banks_settle(self) -> None:
        self.run(self.actions.banks_settle())

    @rule(n=PICKS)
    def bank_takes_back(self, n: int) -> None:
        self.run(self.actions.bank_takes_back(n))

    @rule(n=PICKS, outcome=given.sampled_from(["won", "lost"]))
    def bank_decides(self, n: int, outcome: str) -> None:
        self.run(self.actions.bank_decides(n, outcome))

    @rule(n=PICKS, way=given.sampled_from(["checkout", "intent", "charge", "setup"]))
    def somebody_else_is_paid(self, n: int, way: str) -> None:
        self.run(self.trouble.somebody_else_is_paid(n, way))

    @rule(n=PICKS, amount=given.none() | given.integers(1, 20_000))
    def somebody_else_refunds(self, n: int, amount: int | None) -> None:
        self.run(self.trouble.somebody_else_refunds(n, amount))

    @rule(n=PICKS, how=given.sampled_from(["revoked", "rejected", "disconnected"]))
    def lose_account(self, n: int, how: str) -> None:
        self.run(self.trouble.lose_account(n, how))

    @rule(another=given.booleans())
    def connect(self, another: bool) -> None:
        self.run(self.trouble.connect(another=another))

    @rule()
    def restore_accounts(self) -> None:
        self.run(self.trouble.restore_accounts())
        self.run(self.trouble.connect(another=False))

    @rule(n=PICKS, after=given.booleans())
    def checkout_meets_500(self, n: int, after: bool) -> None:
        self._meet("checkout", self.actions.start_payment(n, None), after_effect=after)

    @rule(n=PICKS, after=given.booleans(), amount=given.none() | AMOUNTS, disposition=DISPOSITIONS)
    def refund_meets_500(self, n: int, after: bool, amount: Decimal | None, disposition: RefundDisposition) -> None:
        self._meet("refund", self.actions.refund(n, amount, disposition), after_effect=after)

    @rule(n=PICKS, after=given.booleans(), how=ENDINGS)
    def ending_meets_500(self, n: int, after: bool, how: str) -> None:
        self._meet("expire", self.actions.end_invoice(n, how), after_effect=after)

    @rule(after=given.booleans())
    def connecting_meets_500(self, after: bool) -> None:
        self._meet("account", self.trouble.connect(another=True), after_effect=after)

    def _meet(self, call: str, action: Coroutine[Any, Any, None], *, after_effect: bool) -> None:
        self.answered = False
        self.run(self.trouble.meet_500(call, action, after_effect=after_effect))

    @precondition(lambda self: hasattr(self, "has_begun"))
    @rule()
    def two_minutes_pass(self) -> None:
        """Then nothing is frozen any more, and all that Stripe left unanswered is known."""
        self._pass()

    @precondition(lambda self: hasattr(self, "has_begun"))
    @rule()
    def half_a_day_passes(self) -> None:
        """Then no checkout of before can be paid any more, one of a lost account neither, and none blocks anything."""
        self.run(self.actions.time.advance(HALF_A_DAY))
        self._pass()

    def _pass(self) -> None:
        self.run(self.trouble.time_passes())
        found = self.run(self.trouble.frozen())
        assert found == [], found
        self.answered = True
        self.workers_look()

    @precondition(lambda self: hasattr(self, "has_begun"))
    @rule()
    def workers_look(self) -> None:
        """Once they have, Stripe's balance agrees with ours: captured = settled + refunded + disputed."""
        self.run(self.actions.look())
        if self.answered:
            found = self.run(discrepancies_at_stripe(self.actions.company, stripe=self.actions.stripe))
            assert found == [], found

    @invariant()
    def books_are_true(self) -> None:
        if hasattr(self, "has_begun"):
            type(self).steps += 1
            digest = self.run(ledger_digest(self.actions.company))
            if digest == self.true_ledgers:
                return
            found = self.run(discrepancies(self.actions.company))
            assert found == [], found
            self.true_ledgers = digest

    def teardown(self) -> None:
        """Once every account is back, and two minutes have passed, nothing is lost."""
        if hasattr(self, "has_begun"):
            self.run(self.trouble.restore_accounts())
            self._pass()
            self.books_are_true()
            found = self.run(self.trouble.lost())
            assert found == [], found


@pytest.mark.parametrize("part", range(PARTS))
async def test_money_is_never_lost_or_made(world: World, part: int) -> None:
    """Whatever people do, and whatever Stripe does, every balance follows from its entries and agrees (S1, S40)."""
    again = os.environ.get("MONEY_SEED")
    seed = int(again or random.SystemRandom().randrange(2**32))
    MoneyMachine.world, MoneyMachine.loop, MoneyMachine.steps = world, asyncio.get_running_loop(), 0
    machine = hypothesis.seed(seed + part)(MoneyMachine)
    options = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        print_blob=True,
        # Shrinking plays on for minutes: only for whoever plays a seed again.
        phases=[Phase.generate, Phase.shrink] if again else [Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    try:
        with moving_clock(world.servers.stripe) as MoneyMachine.time:
            await asyncio.to_thread(run_state_machine_as_test, machine, settings=options)
    except BaseException as failure:
        failure.add_note(f"To play this again: MONEY_SEED={seed}")
        raise
    assert MoneyMachine.steps >= STEPS_MIN
