"""Money taken by hand: on an invoice, or on the client's own; and amounts far beyond what there is."""

import pytest

import models
from tests.api.expectations import refused
from tests.world import World

HUGE = ("999999.99", "1000000.00", "99999999999999999999.00")


async def test_cash_without_an_invoice_is_the_clients(world: World) -> None:
    """A payment recorded for an inspection goes to its PRIMARY, under its own idempotency key (S29)."""
    job = await world.inspection()
    await job.invoice("125.00")
    given = {"inspectionId": job.id, "amount": "100.00", "method": "CASH", "idempotencyKey": "once"}
    done = await world.inspector.mutate("recordPayment", "payment { id invoice { id } }", **given)
    assert done.done("payment")["invoice"]["id"] == job.primary_id
    again = await world.inspector.mutate("recordPayment", "payment { id }", **given)
    assert again.done("payment")["id"] == done.done("payment")["id"]
    other = await world.inspection()
    reused = await world.inspector.mutate("recordPayment", **{**given, "inspectionId": other.id})
    assert reused.codes == ["IDEMPOTENCY_KEY_REUSED"]
    assert await models.Payment.all().count() == 1
    assert (await job.primary())["settled"]["formatted"] == "$100.00"


async def test_cash_is_for_one_invoice_or_one_inspection(world: World) -> None:
    """Neither, both, and somebody else's inspection are refused by field, and book nothing (S29)."""
    job = await world.inspection()
    cash = {"amount": "10.00", "method": "CASH"}
    for given in ({}, {"inspectionId": job.id, "invoiceId": job.primary_id}):
        refusal = await refused(world, world.inspector, "recordPayment", **cash, **given)
        assert (refusal.code, refusal.message, refusal.field) == (
            "INVALID_INPUT",
            "Give either invoiceId or inspectionId: exactly one of the two.",
            "invoiceId",
        )
    _, stranger = await world.new_company("Elsewhere", "owner@elsewhere.test")
    refusal = await refused(world, stranger, "recordPayment", inspectionId=job.id, **cash)
    assert (refusal.code, refusal.field) == ("NOT_FOUND", "inspectionId")


@pytest.mark.parametrize("amount", HUGE)
async def test_a_fixed_amount_above_the_limit_says_the_limit_however_far(world: World, amount: str) -> None:
    """From a cent too much to more than anybody can charge, the sentence is the same (S43)."""
    job = await world.inspection()
    given = {"inspectionId": job.id, "inspectionPersonId": job.entry(), "fixedAmount": amount}
    refusal = await refused(world, world.inspector, "addInvoice", **given)
    assert (refusal.code, refusal.message, refusal.field) == (
        "AMOUNT_EXCEEDS_INVOICEABLE",
        "Fixed amount cannot exceed $450.00",
        "fixedAmount",
    )
    draft = await job.invoice("100.00")
    refusal = await refused(world, world.inspector, "updateInvoice", invoiceId=draft["id"], fixedAmount=amount)
    assert refusal.message == "Fixed amount cannot exceed $450.00"
