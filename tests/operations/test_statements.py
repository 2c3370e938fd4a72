"""How many statements a mutation sends: who asks, BEGIN, COMMIT and reading back what changed included."""

from typing import Any

import pytest

from tests.sent_statements import sent_statements
from tests.world import Api, Json, World

INVOICE = "invoice { id number status total { amount } remaining { amount } }"
PAYMENT = "payment { id status amount { formatted } }"


async def _add(world: World) -> tuple[Api, str, Json]:
    job = await world.inspection()
    return world.inspector, INVOICE, {"inspectionId": job.id, "inspectionPersonId": job.entry(), "fixedAmount": "100"}


async def _add_with_key(world: World) -> tuple[Api, str, Json]:
    api, selection, given = await _add(world)
    return api, selection, {**given, "idempotencyKey": "k"}


async def _update(world: World) -> tuple[Api, str, Json]:
    invoice = await (await world.inspection()).invoice("100.00")
    return world.inspector, INVOICE, {"invoiceId": invoice["id"], "fixedAmount": "90.00"}


async def _of_invoice(world: World) -> tuple[Api, str, Json]:
    invoice = await (await world.inspection()).invoice("100.00")
    return world.inspector, INVOICE, {"invoiceId": invoice["id"]}


async def _add_item(world: World) -> tuple[Api, str, Json]:
    job = await world.inspection()
    charge = {"kind": "FEE", "description": "Travel", "amount": "25.00"}
    given = {"inspectionId": job.id, **charge, "updateAgreements": False}
    return world.inspector, "lineItem { id }", given


async def _record(world: World) -> tuple[Api, str, Json]:
    job = await world.inspection()
    return world.inspector, PAYMENT, {"inspectionId": job.id, "amount": "50.00", "method": "CASH"}


async def _refund(world: World) -> tuple[Api, str, Json]:
    api, selection, given = await _record(world)
    payment = (await api.mutate("recordPayment", selection, **given)).done("payment")
    return api, "refund { id status }", {"paymentId": payment["id"], "amount": "10.00"}


async def _start(world: World) -> tuple[Api, str, Json]:
    job = await world.inspection()
    invoice = await job.invoice("100.00")
    return await job.payment_link(invoice["id"]), PAYMENT, {"invoiceId": invoice["id"]}


async def _start_with_address(world: World) -> tuple[Api, str, Json]:
    """Each field of a payload is read back by a statement of its own."""
    api, selection, given = await _start(world)
    return api, f"{selection} checkoutUrl", given


@pytest.mark.parametrize(
    ("mutation", "prepare", "most"),
    [
        ("addInvoice", _add, 8),
        ("addInvoice", _add_with_key, 9),
        ("updateInvoice", _update, 8),
        ("sendInvoice", _of_invoice, 21),
        ("voidInvoice", _of_invoice, 10),
        ("addLineItem", _add_item, 9),
        ("recordPayment", _record, 14),
        ("refundPayment", _refund, 14),
        ("startPayment", _start, 14),
        ("startPayment", _start_with_address, 15),
    ],
)
async def test_mutation_sends_few_statements(world: World, mutation: str, prepare: Any, most: int) -> None:
    api, selection, given = await prepare(world)
    with sent_statements() as sent:
        (await api.mutate(mutation, selection, **given)).done(selection.split()[0])
    assert len(sent) <= most, "\n".join(sent)
    assert sent.count("BEGIN;") == sent.count("COMMIT;") >= 1


async def test_every_statement_is_counted(world: World) -> None:
    with sent_statements() as sent:
        await world.inspector.read("{ viewer { __typename } }")
    assert len(sent) >= 1
