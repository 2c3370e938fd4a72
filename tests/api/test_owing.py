"""Who still owes what: what became of each invoice, in one word, and what somebody can still be asked for."""

import csv
from datetime import timedelta
from importlib import import_module
from io import StringIO
from typing import Any

import pytest
from tortoise import connections

import models
from operations.ledger.reconciliation import reconcile_ledgers
from rules import clock
from tests.api.test_invoice_life import disputed
from tests.world import Job, World

OWED = "paymentStatus outstanding { formatted } unsent { formatted } writtenOff { formatted } remaining { formatted }"


async def owed(job: Job) -> tuple[str, ...]:
    """The inspection's word, and what of it is outstanding, unsent and written off."""
    found = await job.read(OWED)
    return (
        found["paymentStatus"],
        *(found[name]["formatted"] for name in ("outstanding", "unsent", "writtenOff")),
    )


async def word(world: World, invoice_id: str) -> str:
    found = await world.inspector.read("query($id: ID!) { invoice(id: $id) { paymentStatus } }", id=invoice_id)
    return str(found["invoice"]["paymentStatus"])


async def owing(world: World) -> tuple[str, set[str], set[str]]:
    """The company's outstanding sum, and the inspections and invoices that are listed as outstanding."""
    found = await world.inspector.read(
        "{ outstanding { formatted } inspections(filter: {outstanding: true}) { nodes { id } }"
        " invoices(filter: {outstanding: true}) { nodes { id } } }"
    )
    inspections, invoices = found["inspections"]["nodes"], found["invoices"]["nodes"]
    return (
        found["outstanding"]["formatted"],
        {inspection["id"] for inspection in inspections},
        {invoice["id"] for invoice in invoices},
    )


async def test_a_withdrawn_invoice_is_not_due_and_no_list_calls_it_paid(world: World) -> None:
    """A VOID invoice on which nothing was paid reads NOT_DUE, to the client and in filters too (S52)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00")
    done = await world.inspector.mutate("voidInvoice", "invoice { paymentStatus }", invoiceId=invoice["id"])
    assert done.done("invoice")["paymentStatus"] == "NOT_DUE"
    client = await job.client_portal()
    seen = await client.read("{ viewer { ... on ClientViewer { inspection { invoices { id paymentStatus } } } } }")
    assert {"id": invoice["id"], "paymentStatus": "NOT_DUE"} in seen["viewer"]["inspection"]["invoices"]
    for status, expected in (("PAID", []), ("NOT_DUE", [{"id": invoice["id"]}])):
        found = await world.inspector.read(
            "query($filter: InvoiceFilter) { invoices(filter: $filter) { nodes { id } } }",
            filter={"paymentStatus": status},
        )
        assert found["invoices"]["nodes"] == expected


async def test_an_inspection_without_charges_is_not_due(world: World) -> None:
    """An inspection without charges reads NOT_DUE until it has one (S52)."""
    job = await world.inspection(lineItems=[])
    assert await owed(job) == ("NOT_DUE", "$0.00", "$0.00", "$0.00")
    fee = {"kind": "FEE", "description": "Toll", "amount": "5.00", "updateAgreements": False}
    (await world.inspector.mutate("addLineItem", inspectionId=job.id, **fee)).done("userErrors")
    assert await owed(job) == ("UNPAID", "$5.00", "$0.00", "$0.00")


async def test_what_is_due_after_a_partial_refund_shows_as_owed(world: World) -> None:
    """Whatever was refunded before, an inspection with money due is PARTIALLY_PAID, and listed as owing (S52, S53)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00")
    payer = await job.payment_link(invoice["id"])
    payment = await job.paid(payer, invoice["id"])
    refund = {"paymentId": payment["id"], "amount": "50.01", "disposition": "CREDIT"}
    (await world.inspector.mutate("refundPayment", **refund)).done("userErrors")
    assert await owed(job) == ("PARTIALLY_PAID", "$325.00", "$0.00", "$0.00")
    assert await word(world, invoice["id"]) == "PARTIALLY_REFUNDED"
    assert await owing(world) == ("$325.00", {job.id}, {job.primary_id})
    await job.paid(await job.client_portal(), job.primary_id)
    assert await owed(job) == ("PARTIALLY_REFUNDED", "$0.00", "$0.00", "$0.00")
    assert await owing(world) == ("$0.00", set(), set())


@pytest.mark.parametrize(("amount", "expected"), [("125.00", "UNPAID"), ("25.00", "PARTIALLY_PAID")])
async def test_what_a_refund_reopened_shows_as_owed(world: World, amount: str, expected: str) -> None:
    """A reopened invoice is UNPAID or PARTIALLY_PAID, not REFUNDED, until it is paid again (S52)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00")
    payer = await job.payment_link(invoice["id"])
    payment = await job.paid(payer, invoice["id"])
    reopen = {"paymentId": payment["id"], "amount": amount, "disposition": "REOPEN"}
    (await world.inspector.mutate("refundPayment", **reopen)).done("userErrors")
    assert await word(world, invoice["id"]) == expected
    await job.paid(payer, invoice["id"])
    assert await word(world, invoice["id"]) == "PARTIALLY_REFUNDED"


async def test_what_a_lost_dispute_left_due_shows_as_owed(world: World) -> None:
    """After a lost dispute the invoice and its inspection are UNPAID, and listed as owing (S52, S53)."""
    job, invoice_id, dispute = await disputed(world)
    assert (await owed(job))[0] == "DISPUTED"
    await world.servers.stripe.control(f"disputes/{dispute}", outcome="lost")
    await world.hear_news()
    assert await word(world, invoice_id) == "UNPAID"
    assert await owed(job) == ("UNPAID", "$450.00", "$0.00", "$0.00")
    assert await owing(world) == ("$450.00", {job.id}, {job.primary_id, invoice_id})


async def test_outstanding_is_what_somebody_can_still_be_asked_for(world: World) -> None:
    """Drafts are unsent, write-offs written off, void and canceled ones not there, wherever it is asked (S53)."""
    job = await world.inspection("300.00", "150.00")
    draft = await job.invoice("40.00")
    opened = await job.invoice("30.00")
    await job.payment_link(opened["id"])
    lost = await job.invoice("20.00")
    await job.payment_link(lost["id"])
    (await world.inspector.mutate("markInvoiceUncollectible", invoiceId=lost["id"])).done("userErrors")
    void = await job.invoice("10.00")
    (await world.inspector.mutate("voidInvoice", invoiceId=void["id"])).done("userErrors")
    assert await owed(job) == ("UNPAID", "$390.00", "$40.00", "$20.00")
    assert await owing(world) == ("$390.00", {job.id}, {job.primary_id, opened["id"]})
    assert await reported(world) == await filed(world) == ("390.00", "40.00", "20.00")

    await world.inspection("77.00", people=(("Nobody Asked", "CLIENT"),))
    assert (await owing(world))[0] == "$467.00"
    (await world.inspector.mutate("sendInvoice", invoiceId=draft["id"])).done("userErrors")
    assert await owed(job) == ("UNPAID", "$430.00", "$0.00", "$20.00")
    client = await job.client_portal()
    seen = await client.read("{ viewer { ... on ClientViewer { inspection { outstanding { formatted } } } } }")
    assert seen["viewer"]["inspection"]["outstanding"]["formatted"] == "$430.00"
    assert [str(discrepancy) async for discrepancy in reconcile_ledgers()] == []


async def test_a_canceled_inspection_is_owed_nothing(world: World) -> None:
    """Nobody is asked for anything of a canceled job: not its client, and not who was written off (S53)."""
    job = await world.inspection("300.00", "150.00")
    lost = await job.invoice("20.00")
    await job.payment_link(lost["id"])
    (await world.inspector.mutate("markInvoiceUncollectible", invoiceId=lost["id"])).done("userErrors")
    (await world.inspector.mutate("cancelInspection", inspectionId=job.id)).done("userErrors")
    assert (await owed(job))[1:] == ("$0.00", "$0.00", "$0.00")
    assert await owing(world) == ("$0.00", set(), set())
    assert await reported(world) == await filed(world) == ("0.00", "0.00", "0.00")
    none = await world.inspector.read("{ inspections(filter: {outstanding: false}) { nodes { id } } }")
    assert none["inspections"]["nodes"] == [{"id": job.id}]
    assert [str(discrepancy) async for discrepancy in reconcile_ledgers()] == []


NAMES = ("outstanding", "unsent", "writtenOff")


async def reported(world: World) -> tuple[str, ...]:
    """What the report adds up to, whatever it is grouped by."""
    sums = set()
    for group in ("MONTH", "PAYER_ROLE", "METHOD", "INSPECTOR"):
        amounts = " ".join(f"{name} {{ amount }}" for name in NAMES)
        found = await world.inspector.read(
            "query($from: DateTime!, $to: DateTime!, $by: PaymentReportGroup!)"
            f" {{ paymentReport(from: $from, to: $to, groupBy: $by) {{ {amounts} }} }}",
            **period(),
            by=group,
        )
        rows = found["paymentReport"]
        sums.add(tuple(f"{sum(float(row[name]['amount']) for row in rows):.2f}" for name in NAMES))
    (only,) = sums
    return only


async def filed(world: World) -> tuple[str, ...]:
    """What the file adds up to."""
    found = await world.inspector.read(
        "query($from: DateTime!, $to: DateTime!) { receivablesExportUrl(from: $from, to: $to) }", **period()
    )
    response = await world.http.get(found["receivablesExportUrl"])
    assert response.status_code == 200
    lines = list(csv.DictReader(StringIO(response.text, newline="")))
    assert all(line["currency"] == "USD" for line in lines)
    return tuple(f"{sum(float(line[name]) for line in lines):.2f}" for name in ("outstanding", "unsent", "written_off"))


def period() -> dict[str, Any]:
    now = clock.now()
    return {"from": (now - timedelta(days=1)).isoformat(), "to": (now + timedelta(days=1)).isoformat()}


async def credited_and_open(world: World) -> tuple[Job, str]:
    """The agent paid $50 of $125, and got it back as a credit: $75 of the share is still to be paid."""
    job = await world.inspection()
    invoice = await job.invoice("125.00")
    payer = await job.payment_link(invoice["id"])
    payment = await job.paid(payer, invoice["id"], "50.00")
    (await world.inspector.mutate("refundPayment", paymentId=payment["id"])).done("userErrors")
    return job, invoice["id"]


@pytest.mark.parametrize("written_off", [False, True])
async def test_what_was_given_back_is_billed_to_nobody_when_its_invoice_is_voided(
    world: World, written_off: bool
) -> None:
    """Voiding after a credit returns the share to PRIMARY with the credit, so that what is owed stays (S40)."""
    job, invoice_id = await credited_and_open(world)
    assert (await job.read("remaining { formatted }"))["remaining"]["formatted"] == "$400.00"
    if written_off:
        (await world.inspector.mutate("markInvoiceUncollectible", invoiceId=invoice_id)).done("userErrors")
    (await world.inspector.mutate("voidInvoice", invoiceId=invoice_id)).done("userErrors")
    primary = await job.read("primaryInvoice { total { formatted } credited { formatted } remaining { formatted } }")
    assert primary["primaryInvoice"] == {
        "total": {"formatted": "$450.00"},
        "credited": {"formatted": "$50.00"},
        "remaining": {"formatted": "$400.00"},
    }
    assert await owed(job) == ("UNPAID", "$400.00", "$0.00", "$0.00")
    assert (await job.read("invoicing { invoiceable { formatted } }"))["invoicing"]["invoiceable"] == {
        "formatted": "$400.00"
    }
    assert await word(world, invoice_id) == "REFUNDED"
    await job.paid(await job.client_portal(), job.primary_id)
    assert (await job.primary())["settled"]["formatted"] == "$400.00"
    assert [str(discrepancy) async for discrepancy in reconcile_ledgers()] == []


async def test_a_credit_goes_with_no_charge_that_is_gone(world: World) -> None:
    """When the charge itself is removed, its credit takes nothing off what the client owes for others (S40)."""
    job = await world.inspection("300.00", "150.00")
    invoice = await job.invoice(lineItemIds=[job.items[1]])
    payment = await job.paid(await job.payment_link(invoice["id"]), invoice["id"], "50.00")
    (await world.inspector.mutate("refundPayment", paymentId=payment["id"])).done("userErrors")
    (await world.inspector.mutate("removeLineItem", lineItemId=job.items[1])).done("userErrors")
    assert (await job.primary())["remaining"]["formatted"] == "$300.00"
    assert await owed(job) == ("UNPAID", "$300.00", "$0.00", "$0.00")


async def test_closing_short_keeps_what_was_credited(world: World) -> None:
    """Closing short returns only what was neither paid nor given back as a credit (S40)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00")
    payment = await job.paid(await job.payment_link(invoice["id"]), invoice["id"], "100.00")
    (await world.inspector.mutate("refundPayment", paymentId=payment["id"], amount="40.00")).done("userErrors")
    (await world.inspector.mutate("closeInvoiceShort", invoiceId=invoice["id"])).done("userErrors")
    assert (await job.primary())["remaining"]["formatted"] == "$350.00"
    assert await word(world, invoice["id"]) == "PARTIALLY_REFUNDED"
    assert [str(discrepancy) async for discrepancy in reconcile_ledgers()] == []


async def test_rows_from_before_are_brought_to_what_the_rules_say(world: World) -> None:
    """The migration recomputes words, outstanding amounts and credits of void invoices that are stored (S52, S53)."""
    await disputed(world)
    job, invoice_id = await credited_and_open(world)
    (await world.inspector.mutate("voidInvoice", invoiceId=invoice_id)).done("userErrors")
    empty = await world.inspection(lineItems=[])
    called_off = await world.inspection()
    (await world.inspector.mutate("cancelInspection", inspectionId=called_off.id)).done("userErrors")
    stored = [await _stored(model) for model in (models.Invoice, models.Inspection)]
    for statement in AS_BEFORE:
        await connections.get("default").execute_query(statement)
    assert [str(discrepancy) async for discrepancy in reconcile_ledgers()] != []
    for _ in range(2):  # It is safe to repeat.
        for statement in import_module("models.migrations.0010_outstanding").RECOMPUTE:
            await connections.get("default").execute_query(statement)
        assert [str(discrepancy) async for discrepancy in reconcile_ledgers()] == []
    assert [await _stored(model) for model in (models.Invoice, models.Inspection)] == stored
    assert await owed(empty) == ("NOT_DUE", "$0.00", "$0.00", "$0.00")
    assert await owed(job) == ("UNPAID", "$400.00", "$0.00", "$0.00")


AS_BEFORE = (
    "UPDATE inspections SET outstanding_minor = 0, payment_status = 'PAID',"
    " remaining_minor = remaining_minor + CASE WHEN remaining_minor = 40000 THEN 5000 ELSE 0 END",
    "UPDATE invoices SET outstanding_minor = 0, payment_status = 'PAID'",
    "UPDATE invoices SET credited_minor = 0, remaining_minor = remaining_minor + credited_minor WHERE kind = 'PRIMARY'",
)
"""How the code before the migration left the rows: a voided share was billed again, credits and all."""


async def _stored(model: type[models.Invoice] | type[models.Inspection]) -> list[dict[str, Any]]:
    return await model.all().order_by("id").values()
