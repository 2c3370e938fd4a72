"""An account that Stripe no longer shows us: it freezes nothing, and what it took is booked when it is back."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

import models
from gateways.stripe import StripeGateway
from operations.ledger.reconciliation import reconcile_ledgers, reconcile_stripe, unseen
from operations.payments import stripe_accounts
from rules import clock
from rules.identifiers import global_id
from rules.states import PaymentState
from tests.world import Api, Job, Json, World, key_of

STRIPE = "company { stripe { status accountId reason } }"
HIDDEN = "Stripe no longer shows us this account: it took back our access, or was closed."


async def discrepancies(world: World) -> list[str]:
    found = [str(discrepancy) async for discrepancy in reconcile_ledgers()]
    return found + [str(discrepancy) async for discrepancy in reconcile_stripe(stripe=world.held.stripe)]


async def account_id(world: World) -> str:
    return str((await models.Company.get(id=world.company_key)).stripe_account_id)


async def stripe_of(world: World) -> Json:
    """What the owner sees of the company's account."""
    data = await world.inspector.read(f"{{ viewer {{ ... on InspectorViewer {{ {STRIPE} }} }} }}")
    found: Json = data["viewer"]["company"]["stripe"]
    return found


async def opened(world: World) -> tuple[Job, Json, Api]:
    job = await world.inspection()
    invoice = await job.invoice("125.00")
    return job, invoice, await job.payment_link(invoice["id"])


async def at_the_checkout(world: World) -> tuple[Job, Json, Api, str]:
    """Somebody has opened a checkout, and the account is lost to us."""
    job, invoice, payer = await opened(world)
    url = (await payer.mutate("startPayment", "checkoutUrl", invoiceId=invoice["id"])).done("checkoutUrl")
    await world.servers.stripe.revoke_account(await account_id(world))
    return job, invoice, payer, url


async def time_is_over() -> None:
    """The checkouts that are open could be paid until a moment ago."""
    await models.Payment.filter(checkout_expires_at__isnull=False).update(
        checkout_expires_at=clock.now() - timedelta(seconds=1), next_poll_at=clock.now()
    )


async def test_a_company_whose_account_is_hidden_reads_disconnected_and_says_why(world: World) -> None:
    """Nobody is billed, mailed or sent to a checkout that can't be (S2, S4)."""
    job, invoice, payer = await opened(world)
    lost = await account_id(world)
    await world.servers.stripe.revoke_account(lost)
    await world.hear_news()
    assert await stripe_of(world) == {"status": "DISCONNECTED", "accountId": lost, "reason": HIDDEN}
    assert (await job.add_invoice("50.00")).codes == ["STRIPE_NOT_CONNECTED"]
    assert (await world.inspector.mutate("sendInvoice", invoiceId=invoice["id"])).codes == ["STRIPE_NOT_CONNECTED"]
    assert (await payer.mutate("startPayment", invoiceId=invoice["id"])).codes == ["INVOICE_NOT_PAYABLE"]
    assert await models.Email.all().count() == 0


async def test_asking_about_the_account_notes_that_it_is_hidden(world: World) -> None:
    """`refreshStripeConnection` answers with what became of the account instead of refusing."""
    lost = await account_id(world)
    await world.servers.stripe.revoke_account(lost)
    refreshed = await world.inspector.mutate("refreshStripeConnection", STRIPE)
    assert refreshed.done("company")["stripe"] == {"status": "DISCONNECTED", "accountId": lost, "reason": HIDDEN}


async def test_a_payer_learns_at_once_when_the_account_was_lost_a_moment_ago(world: World) -> None:
    """The first to ask Stripe is told in our words, the attempt ends, and the company reads DISCONNECTED (S2)."""
    _, invoice, payer = await opened(world)
    await world.servers.stripe.revoke_account(await account_id(world))
    refused = await payer.mutate("startPayment", invoiceId=invoice["id"])
    assert refused.codes == ["PAYMENT_PROVIDER_REFUSED"]
    assert "sk_test" not in refused.messages[0]
    assert (await models.Payment.get()).state == "FAILED"
    assert (await stripe_of(world))["status"] == "DISCONNECTED"


async def test_while_a_checkout_may_be_paid_what_depends_on_it_says_until_when(world: World) -> None:
    """Voiding, editing, taking cash and canceling name the moment from which they will work (S28, S29)."""
    job, invoice, payer, _ = await at_the_checkout(world)
    payment = await models.Payment.get()
    until = f"{payment.checkout_expires_at:%Y-%m-%d %H:%M} UTC"
    owner = world.inspector
    for refused in (
        await owner.mutate("voidInvoice", invoiceId=invoice["id"]),
        await owner.mutate("recordPayment", invoiceId=invoice["id"], amount="125.00", method="CASH"),
        await payer.mutate("cancelPayment", paymentId=(await job.read("payments { id }"))["payments"][0]["id"]),
    ):
        assert refused.codes == ["PAYMENT_IN_PROGRESS"]
        assert until in refused.messages[0]
        assert HIDDEN in refused.messages[0]
    assert (await models.Payment.get()).state == "REQUIRES_ACTION"


@pytest.mark.parametrize("way", ["void", "cash", "edit", "cancel", "pay again", "poll"])
async def test_once_its_time_is_over_a_checkout_blocks_nothing(world: World, way: str) -> None:
    """Whoever comes first ends it: a person who wants something else, or the worker (S28, S29)."""
    job, invoice, payer, _ = await at_the_checkout(world)
    await time_is_over()
    owner = world.inspector
    if way == "void":
        (await owner.mutate("voidInvoice", "invoice { status }", invoiceId=invoice["id"])).done("invoice")
    elif way == "cash":
        cash = {"invoiceId": invoice["id"], "amount": "125.00", "method": "CASH"}
        (await owner.mutate("recordPayment", "payment { id }", **cash)).done("payment")
    elif way == "edit":
        (await owner.mutate("updateLineItem", "lineItem { id }", lineItemId=job.items[0], amount="5.00")).done(
            "lineItem"
        )
        (await owner.mutate("voidInvoice", "invoice { status }", invoiceId=invoice["id"])).done("invoice")
    elif way == "cancel":
        shown = (await job.read("payments { id }"))["payments"][0]["id"]
        canceled = await payer.mutate("cancelPayment", "payment { status failureMessage }", paymentId=shown)
        assert canceled.done("payment") == {"status": "CANCELED", "failureMessage": HIDDEN}
    elif way == "pay again":
        await world.inspector.mutate("connectStripe", "onboardingUrl")
        await models.Company.all().update(stripe_status="READY")
        refused = await payer.mutate("startPayment", invoiceId=invoice["id"])
        assert refused.codes == ["PAYMENT_PROVIDER_REFUSED"], "the new account can't charge yet; the old is done with"
    else:
        await world.poll()
    old = await models.Payment.filter(method="CARD").order_by("id").first()
    assert old is not None
    assert (old.state, old.next_poll_at) == ("CANCELED", None)
    assert old.unanswered_since is not None
    assert [told async for told in unseen()][-1].startswith(f"Payment {old.id} (CANCELED)")
    assert await discrepancies(world) == []


async def test_money_that_was_paid_meanwhile_is_booked_when_the_account_is_back(world: World) -> None:
    """Paid unknown to us, on an invoice voided since: once Stripe answers it is an overpayment to give back (S40)."""
    _, invoice, _, url = await at_the_checkout(world)
    assert await world.pay(url) == 303
    await time_is_over()
    voided = await world.inspector.mutate("voidInvoice", "invoice { status }", invoiceId=invoice["id"])
    assert voided.done("invoice") == {"status": "VOID"}
    await world.hear_news()
    await world.servers.stripe.restore_account(await account_id(world))
    await world.hear_news()
    assert (await stripe_of(world))["status"] == "READY"
    await world.poll()
    payment = await models.Payment.get()
    assert (payment.state, payment.unanswered_since) == ("SUCCEEDED", None)
    row = await models.Invoice.get(id=key_of(invoice["id"]))
    assert (row.status, row.payment_status, row.overpaid_minor) == ("VOID", "OVERPAID", 12500)
    given_back = await world.inspector.mutate(
        "refundPayment", "refund { status }", paymentId=global_id("Payment", payment.id)
    )
    assert given_back.done("refund") == {"status": "SUCCEEDED"}
    assert await discrepancies(world) == []


async def test_a_bank_debit_under_way_is_waited_for_longer_than_its_checkout(world: World) -> None:
    """Its money has left the payer: a bank has days to answer, and only then the invoice is free again (S40)."""
    _, invoice, payer = await opened(world)
    started = await payer.mutate("startPayment", "checkoutUrl", invoiceId=invoice["id"])
    await world.pay(started.done("checkoutUrl"), bank="succeeds")
    await world.poll()
    assert (await models.Payment.get()).state is PaymentState.PROCESSING
    await world.servers.stripe.revoke_account(await account_id(world))
    await time_is_over()
    await world.poll()
    assert (await models.Payment.get()).state is PaymentState.PROCESSING
    await models.Payment.all().update(created_at=clock.now() - timedelta(days=15))
    await world.poll()
    assert (await models.Payment.get()).state is PaymentState.CANCELED
    await world.servers.stripe.restore_account(await account_id(world))
    await world.hear_news()
    await world.poll()
    assert (await models.Payment.get()).next_poll_at is not None, "it is still under way at Stripe"
    await world.servers.stripe.control("settle")
    await world.poll()
    assert (await models.Payment.get()).state is PaymentState.SUCCEEDED
    assert await discrepancies(world) == []


async def test_a_rejected_account_is_disconnected_until_stripe_takes_it_back(world: World) -> None:
    """Stripe still shows it, so its checkouts are ended as ever; it just can't charge (S2)."""
    job, invoice, payer = await opened(world)
    await payer.mutate("startPayment", "checkoutUrl", invoiceId=invoice["id"])
    lost = await account_id(world)
    await world.servers.stripe.reject_account(lost, reason="rejected.terms_of_service")
    await world.hear_news()
    reason = "Stripe rejected the account (rejected.terms_of_service)."
    assert await stripe_of(world) == {"status": "DISCONNECTED", "accountId": lost, "reason": reason}
    (await world.inspector.mutate("voidInvoice", "invoice { status }", invoiceId=invoice["id"])).done("invoice")
    await world.servers.stripe.restore_account(lost)
    await world.hear_news()
    assert await stripe_of(world) == {"status": "READY", "accountId": lost, "reason": None}
    await job.invoice("50.00")


async def test_connecting_again_takes_up_the_account_that_is_back(world: World) -> None:
    """An account that Stripe shows again is the company's again, without anybody waiting for the next look (S4)."""
    lost = await account_id(world)
    await world.servers.stripe.revoke_account(lost)
    await world.hear_news()
    await world.servers.stripe.restore_account(lost)
    connected = await world.inspector.mutate("connectStripe", f"onboardingUrl {STRIPE}")
    assert connected.done("company")["stripe"] == {"status": "READY", "accountId": lost, "reason": None}
    assert connected.content["onboardingUrl"]


async def test_another_account_is_begun_where_the_first_stays_hidden(world: World) -> None:
    """The company goes on with a new account; what the old one took stays there, and is heard when it is back (S4)."""
    job, invoice, payer = await opened(world)
    await job.paid(payer, invoice["id"])
    lost = await account_id(world)
    await world.servers.stripe.revoke_account(lost)
    connected = await world.inspector.mutate("connectStripe", f"onboardingUrl {STRIPE}")
    fresh = connected.done("company")["stripe"]
    assert (fresh["status"], fresh["reason"]) == ("PENDING", "Its onboarding at Stripe is not finished.")
    assert fresh["accountId"] not in (None, lost)
    async with asyncio.timeout(5):
        await world.servers.stripe.client.post(f"{connected.content['onboardingUrl']}/complete")
    await world.hear_news()
    assert (await stripe_of(world))["status"] == "READY"
    other, its_invoice, its_payer = await opened(world)
    await other.paid(its_payer, its_invoice["id"])
    accounts = [row.stripe_account_id for row in await models.Payment.all().order_by("id")]
    assert accounts == [lost, fresh["accountId"]]
    await world.servers.stripe.restore_account(lost)
    old = await models.Payment.all().order_by("id").first()
    assert old is not None
    await world.servers.stripe.foreign_dispute(payment_intent_id=old.stripe_payment_intent_id)
    await world.hear_news()
    assert (await models.Payment.get(id=old.id)).state == "DISPUTED"
    assert (await stripe_of(world))["accountId"] == fresh["accountId"], "the company stays where it is now"
    assert await discrepancies(world) == []


async def test_an_owner_disconnects_and_connects_the_same_or_another_account(world: World) -> None:
    """Disconnecting ends billing, not the past: refunds go back over the account that took the money (S2, S30)."""
    job, invoice, payer = await opened(world)
    paid = await job.paid(payer, invoice["id"])
    first = await account_id(world)
    owner = world.inspector
    early = await owner.mutate("connectStripe", another=True)
    assert (early.codes, early.fields) == (["INVALID_INPUT"], [["another"]])
    for _ in range(2):  # Safe to repeat.
        gone = await owner.mutate("disconnectStripe", STRIPE)
        reason = "The owner disconnected it."
        assert gone.done("company")["stripe"] == {"status": "DISCONNECTED", "accountId": None, "reason": reason}
    await world.servers.stripe.control(f"accounts/{first}", charges_enabled=True)
    await world.hear_news()
    assert (await stripe_of(world))["status"] == "DISCONNECTED", "news of the account doesn't undo what the owner did"
    assert (await job.add_invoice("50.00")).codes == ["STRIPE_NOT_CONNECTED"]
    refunded = await owner.mutate("refundPayment", "refund { status }", paymentId=paid["id"], amount="25.00")
    assert refunded.done("refund") == {"status": "SUCCEEDED"}
    again = await owner.mutate("connectStripe", STRIPE)
    assert again.done("company")["stripe"] == {"status": "READY", "accountId": first, "reason": None}
    await owner.mutate("disconnectStripe")
    other = (await owner.mutate("connectStripe", STRIPE, another=True)).done("company")["stripe"]
    assert other["status"] == "PENDING"
    assert other["accountId"] not in (None, first)


async def test_there_must_be_an_account_to_disconnect(world: World) -> None:
    """A company that never connected is told so; nothing changes (S2)."""
    _, api = await world.new_company("Hillside Inspections", "owner@hillside.test", connected=False)
    assert (await api.mutate("disconnectStripe")).codes == ["STRIPE_NOT_CONNECTED"]
    assert await models.Company.filter(stripe_status="NOT_CONNECTED").count() == 1


async def test_connecting_at_the_same_moment_makes_one_account(world: World) -> None:
    """Five tabs that connect a company at once lead to one account (S4)."""
    key, api = await world.new_company("Hillside Inspections", "owner@hillside.test", connected=False)
    answers = await asyncio.gather(*(api.mutate("connectStripe", STRIPE) for _ in range(5)))
    ids = {answer.content["company"]["stripe"]["accountId"] for answer in answers if not answer.codes}
    assert len(ids) == 1
    assert [row.account_id for row in await models.ConnectedAccount.filter(company_id=key)] == list(ids)


@pytest.mark.parametrize("another", [False, True], ids=["the first", "another"])
async def test_a_request_overtaken_while_it_connects_goes_on_with_the_account_that_was_made(
    world: World, monkeypatch: pytest.MonkeyPatch, another: bool
) -> None:
    """What a request read of the company before somebody else connected it makes no second account (S4)."""
    key, api = await world.new_company("Hillside Inspections", "owner@hillside.test", connected=another)
    if another:
        await api.mutate("disconnectStripe")
    create = stripe_accounts._create_account
    overtaking: list[str] = []

    async def overtaken(company_id: UUID, *, stripe: StripeGateway) -> str:
        if not overtaking:
            overtaking.append("begun")
            first = await api.mutate("connectStripe", STRIPE, another=another)
            overtaking.append(first.done("company")["stripe"]["accountId"])
        return await create(company_id, stripe=stripe)

    before = await models.ConnectedAccount.filter(company_id=key).count()
    asked_before = len(await world.servers.stripe.requests())
    monkeypatch.setattr(stripe_accounts, "_create_account", overtaken)
    last = await api.mutate("connectStripe", f"onboardingUrl {STRIPE}", another=another)
    assert last.done("company")["stripe"]["accountId"] == overtaking[-1]
    assert last.content["onboardingUrl"]
    assert await models.ConnectedAccount.filter(company_id=key).count() == before + 1
    asked = (await world.servers.stripe.requests())[asked_before:]
    assert [entry["path"] for entry in asked if entry["method"] == "POST"].count("/v1/accounts") == 1


async def test_a_refund_that_was_never_asked_for_fails_and_one_that_was_waits_for_the_account(world: World) -> None:
    """Nothing is given back twice, and nothing that Stripe gave back is forgotten (S30, S40)."""
    job, invoice, payer = await opened(world)
    paid = await job.paid(payer, invoice["id"])
    await world.servers.stripe.save_500("POST /v1/refunds$", after_effect=True)
    owner = world.inspector
    asked = await owner.mutate("refundPayment", "refund { status }", paymentId=paid["id"], amount="25.00")
    assert asked.done("refund") == {"status": "REQUESTED"}
    lost = await account_id(world)
    await world.servers.stripe.revoke_account(lost)
    never = await owner.mutate(
        "refundPayment", "refund { status failureMessage }", paymentId=paid["id"], amount="10.00"
    )
    assert never.done("refund") == {"status": "FAILED", "failureMessage": HIDDEN}
    await models.Refund.filter(status="REQUESTED").update(asked_at=clock.now() - timedelta(minutes=5))
    await world.poll()
    assert await models.Refund.filter(status="REQUESTED").count() == 1
    await world.servers.stripe.restore_account(lost)
    await world.hear_news()
    await world.poll()
    seen = await job.read("payments { refunded { formatted } refundable { formatted } }")
    assert seen["payments"] == [{"refunded": {"formatted": "$25.00"}, "refundable": {"formatted": "$100.00"}}]
    assert await discrepancies(world) == []


async def test_a_checkout_whose_session_stripe_knows_no_more_blocks_nothing_for_good(world: World) -> None:
    """Whatever else Stripe refuses to say of a checkout, it ends when its time is over (S28)."""
    _, invoice, payer = await opened(world)
    await payer.mutate("startPayment", "checkoutUrl", invoiceId=invoice["id"])
    await models.Payment.all().update(checkout_session_id="cs_test_of_another_time")
    await world.poll()
    assert (await models.Payment.get()).state == "REQUIRES_ACTION"
    await time_is_over()
    await world.poll()
    assert (await models.Payment.get()).state == "CANCELED"


async def test_a_stripe_that_does_not_answer_for_a_day_blocks_nothing_for_good(world: World) -> None:
    """A day after a checkout's time is over it ends, is asked about all the same, and money found is booked (S40)."""
    _, invoice, payer = await opened(world)
    url = (await payer.mutate("startPayment", "checkoutUrl", invoiceId=invoice["id"])).done("checkoutUrl")
    await world.pay(url)
    await world.servers.stripe.control("faults", match="GET /v1/checkout", kind="status", value=503, count=1000)
    await time_is_over()
    await world.poll()
    assert (await models.Payment.get()).state == "REQUIRES_ACTION"
    long_ago = clock.now() - timedelta(days=2)
    await models.Payment.all().update(checkout_expires_at=long_ago, created_at=long_ago)
    await world.poll()
    given_up = await models.Payment.get()
    assert given_up.state == "CANCELED"
    assert given_up.next_poll_at is not None
    await world.servers.stripe.control("faults", method="DELETE")
    await world.poll()
    assert (await models.Payment.get()).state == "SUCCEEDED"
    assert await discrepancies(world) == []


async def test_reminders_wait_while_nobody_could_pay(world: World) -> None:
    """What fell due while the account was lost is asked for once, when it can be paid again (S2)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00", send=True)
    await world.deliver_mails()
    await models.Invoice.filter(id=key_of(invoice["id"])).update(
        sent_at=clock.now() - timedelta(days=8),
        remind_at=clock.now() - timedelta(days=5),
        due_on=clock.now().date() - timedelta(days=8),
    )
    await models.Email.all().update(queued_at=clock.now() - timedelta(days=8))
    lost = await account_id(world)
    await world.servers.stripe.revoke_account(lost)
    await world.hear_news()
    await world.remind()
    assert await models.Email.filter(kind="REMINDER").count() == 0
    await world.servers.stripe.restore_account(lost)
    await world.hear_news()
    await world.remind()
    assert await models.Email.filter(kind="REMINDER").count() == 1
