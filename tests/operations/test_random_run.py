"""A random run: people, workers and all that goes wrong at Stripe at the same time, on a clock that runs ahead.

`make test` plays a few seconds of it. RANDOM_RUN_ROUNDS=500 plays longer, RANDOM_RUN_SEED a run's choices again (what
meets what at the same moment is up to the machine): RANDOM_RUN_ROUNDS=500 make test ARGS="tests/operations -k frozen".
"""

import asyncio
import os
import random
import sys
from collections import Counter
from collections.abc import Callable, Coroutine
from datetime import timedelta
from decimal import Decimal
from typing import Any

from rules.errors import Refusal
from rules.states import RefundDisposition
from tests.moving_clock import moving_clock
from tests.operations.money_actions import MoneyActions
from tests.operations.money_checks import discrepancies, discrepancies_at_stripe
from tests.operations.stripe_trouble import CALLS, HALF_A_DAY, StripeTrouble
from tests.world import World

ROUNDS = 12
AT_ONCE = 6
CARDS = ("4242424242424242", "4000000000000002", "4000000000000259", "4000000000005126", "4000000000007726")
ENDINGS = ("void_invoice", "close_invoice_short", "mark_invoice_uncollectible")
PAUSES = (timedelta(0), timedelta(0), timedelta(minutes=20), HALF_A_DAY)

Doing = Coroutine[Any, Any, None]


class RandomRun:
    """Rounds of a few doings at once, each chosen by the seed."""

    def __init__(self, actions: MoneyActions, dice: random.Random) -> None:
        self.actions = actions
        self.trouble = StripeTrouble(actions)
        self.dice = dice
        self.told: Counter[str] = Counter()
        self._kinds: list[tuple[int, Callable[[int, Decimal], Doing]]] = [
            (2, lambda n, amount: actions.add_item(n, amount, discount=n % 4 == 0)),
            (1, actions.edit_item),
            (3, lambda n, amount: actions.save_invoice(n, amount if n % 2 else None)),
            (3, lambda n, _: actions.open_invoice(n)),
            (1, lambda n, _: actions.end_invoice(n, ENDINGS[n % 3])),
            (6, lambda n, amount: actions.start_payment(n, amount if n % 4 == 0 else None)),
            (6, lambda n, _: actions.pay(n, self._form(n))),
            (1, lambda n, _: actions.cancel_payment(n)),
            (2, actions.take_cash),
            (3, lambda n, amount: actions.refund(n, amount if n % 2 else None, self._disposition(n))),
            (1, lambda n, _: actions.banks_settle()),
            (1, lambda n, _: actions.bank_decides(n, ("won", "lost")[n % 2])),
            (2, lambda n, _: self.trouble.somebody_else_is_paid(n, ("checkout", "intent", "charge", "setup")[n % 4])),
            (2, lambda n, _: self.trouble.somebody_else_refunds(n, n or 1)),
            (1, lambda n, _: self.trouble.lose_account(n, ("revoked", "rejected", "disconnected")[n % 3])),
            (2, lambda n, _: self._come_back()),
            (1, lambda n, _: self.trouble.connect(another=n % 2 == 0)),
            (3, lambda n, amount: self._meet_500(n, amount)),
        ]

    async def play(self, rounds: int) -> None:
        """Play so many rounds, then let everything come back and be known."""
        for _ in range(rounds):
            await asyncio.gather(self.actions.look(), *(self._try(self._any()) for _ in range(AT_ONCE)))
            await self._check(self.dice.choice(PAUSES))
        await self.actions.banks_settle()
        await self.trouble.restore_accounts()
        await self._check(HALF_A_DAY)
        assert await discrepancies_at_stripe(self.actions.company, stripe=self.actions.stripe) == []
        assert await self.trouble.lost() == []

    async def _check(self, pause: timedelta) -> None:
        """Two minutes after any trouble nothing is frozen, and every balance follows from its entries."""
        await self.trouble.time_passes(pause)
        assert await self.trouble.frozen() == []
        assert await discrepancies(self.actions.company) == []

    def _any(self) -> Doing:
        weights, kinds = zip(*self._kinds, strict=True)
        (kind,) = self.dice.choices(kinds, weights)
        doing: Doing = kind(self.dice.randrange(1_000), Decimal(self.dice.randint(1, 50_000)) / 100)
        return doing

    async def _try(self, doing: Doing) -> None:
        try:
            await doing
        except Refusal as refusal:
            self.told[str(refusal.code)] += 1
        else:
            self.told["done"] += 1

    async def _come_back(self) -> None:
        await self.trouble.restore_accounts()
        await self.trouble.connect(another=False)

    async def _meet_500(self, n: int, amount: Decimal) -> None:
        doings: dict[str, Callable[[], Doing]] = {
            "checkout": lambda: self.actions.start_payment(n, None),
            "expire": lambda: self.actions.end_invoice(n, ENDINGS[n % 3]),
            "refund": lambda: self.actions.refund(n, amount if n % 2 else None, self._disposition(n)),
            "account": lambda: self.trouble.connect(another=True),
        }
        call = sorted(CALLS)[n % len(CALLS)]
        await self.trouble.meet_500(call, doings[call](), after_effect=n % 3 == 0)

    def _form(self, n: int) -> dict[str, str]:
        return {"bank": ("succeeds", "fails")[n % 2]} if n % 5 == 0 else {"card": CARDS[n % len(CARDS)]}

    def _disposition(self, n: int) -> RefundDisposition:
        return list(RefundDisposition)[n % 2]


async def test_nothing_is_frozen_or_lost_whatever_happens_at_stripe(world: World) -> None:
    """Whatever others and Stripe do, nothing is frozen for longer than two minutes and no money is lost (S40)."""
    seed = int(os.environ.get("RANDOM_RUN_SEED") or random.SystemRandom().randrange(2**32))
    rounds = int(os.environ.get("RANDOM_RUN_ROUNDS") or ROUNDS)
    again = f"To play this again: RANDOM_RUN_SEED={seed} RANDOM_RUN_ROUNDS={rounds}"
    sys.stdout.write(f"{again}\n")
    with moving_clock(world.servers.stripe) as time:
        run = RandomRun(MoneyActions(world, time), random.Random(seed))
        await run.actions.begin()
        try:
            await run.play(rounds)
        except BaseException as failure:
            failure.add_note(again)
            raise
    sys.stdout.write(f"{dict(run.told.most_common())}\n")
    assert run.told["done"] > rounds
