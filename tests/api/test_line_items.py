"""Charges as the inspector edits them: what may be invoiced, invoices and agreements follow."""

from typing import Any

import pytest

from tests.api.expectations import Refused, nothing_changes, refused
from tests.world import Job, Json, World

VIEW = """
    total { formatted } remaining { formatted } lineItems { id kind description amount { formatted } }
    invoicing { invoiceable { formatted } }
    invoices { id status revision total { formatted } lines { description amount { formatted } } }
    agreements { version current total { formatted } signedAt signedBy }
"""


async def add(job: Job, amount: str, *, kind: str = "FEE", update: bool = False, **given: Any) -> str:
    added = await job.api.mutate(
        "addLineItem",
        "lineItem { id }",
        **{"inspectionId": job.id, "kind": kind, "description": "Extra", "amount": amount, **given},
        updateAgreements=update,
    )
    return str(added.done("lineItem")["id"])


def lines(invoice: Json) -> list[str]:
    return [f"{line['description']} {line['amount']['formatted']}" for line in invoice["lines"]]


@pytest.mark.parametrize("kind", ["SERVICE", "ADD_ON", "FEE"])
async def test_new_charge_raises_what_can_be_invoiced_by_its_amount(world: World, kind: str) -> None:
    """A new charge of any kind raises what can be invoiced by its amount (S47, S28)."""
    job = await world.inspection()
    await job.invoice("125.00", send=True)
    await add(job, "40.25", kind=kind)
    found = await job.read(VIEW)
    assert found["invoicing"]["invoiceable"]["formatted"] == "$365.25"
    assert found["total"]["formatted"] == "$490.25"
    assert (found["invoices"][1]["total"]["formatted"], found["invoices"][1]["revision"]) == ("$125.00", 1)
    given = {"inspectionId": job.id, "inspectionPersonId": job.entry(), "fixedAmount": "365.26"}
    assert (await refused(world, job.api, "addInvoice", **given)).message == "Fixed amount cannot exceed $365.25"


async def test_new_charge_reopens_a_fully_paid_inspection(world: World) -> None:
    """A new charge makes a fully paid inspection partially paid, and can be invoiced (S47, S42)."""
    job = await world.inspection()
    await job.paid(await job.client_portal(), job.primary_id)
    fee = await add(job, "60.00")
    found = await job.read(f"paymentStatus {VIEW}")
    assert (found["paymentStatus"], found["remaining"]["formatted"]) == ("PARTIALLY_PAID", "$60.00")
    assert found["invoicing"]["invoiceable"]["formatted"] == "$60.00"
    invoice = await job.invoice(lineItemIds=[fee])
    assert invoice["total"]["formatted"] == "$60.00"
    assert (await job.primary())["status"] == "PAID"


async def test_line_items_are_added_edited_and_removed(world: World) -> None:
    """Charges are added, edited and removed by hand (S28)."""
    job = await world.inspection()
    item = await add(job, "40.00")
    changed = await job.api.mutate(
        "updateLineItem",
        "lineItem { description amount { formatted } }",
        lineItemId=item,
        description="More",
        amount="45.00",
    )
    assert changed.done("lineItem") == {"description": "More", "amount": {"formatted": "$45.00"}}
    assert lines((await job.read(VIEW))["invoices"][0]) == ["Service 1 $350.00", "Service 2 $100.00", "More $45.00"]
    removed = await job.api.mutate("removeLineItem", "inspection { total { formatted } }", lineItemId=item)
    assert removed.done("inspection")["total"]["formatted"] == "$450.00"
    names = [event["name"] for event in (await job.read("events { name }"))["events"]]
    assert names[-3:] == ["line_item.added", "line_item.updated", "line_item.removed"]
    assert await refused(world, job.api, "removeLineItem", lineItemId=item) == Refused(
        "NOT_FOUND", "LineItem not found.", "lineItemId"
    )


async def test_draft_of_services_follows_edits_of_them(world: World) -> None:
    """A draft that bills services follows their edits (S28, S41)."""
    job = await world.inspection()
    await job.invoice(lineItemIds=job.items[1:])
    for amount in ("130.00", "80.00"):
        await job.api.mutate("updateLineItem", lineItemId=job.items[1], amount=amount)
        found = await job.read(VIEW)
        assert lines(found["invoices"][1]) == [f"Service 2 ${amount}"]
        assert lines(found["invoices"][0]) == ["Service 1 $350.00"]
        assert found["invoices"][1]["revision"] == 1


async def test_fixed_share_stays_while_primary_can_yield(world: World) -> None:
    """A fixed share stays as it is while the client's invoice can give way (S28)."""
    job = await world.inspection()
    await job.invoice("125.00")
    await job.api.mutate("updateLineItem", lineItemId=job.items[0], amount="200.00")
    found = await job.read(VIEW)
    assert lines(found["invoices"][1]) == ["Service 1 $125.00"]
    assert lines(found["invoices"][0]) == ["Service 1 $75.00", "Service 2 $100.00"]


async def test_drafts_yield_before_open_invoices(world: World) -> None:
    """When charges shrink, drafts give way before open invoices (S28)."""
    job = await world.inspection("300.00")
    await job.invoice("100.00", send=True)
    await job.invoice("100.00")
    await job.api.mutate("updateLineItem", lineItemId=job.items[0], amount="150.00")
    primary, sent, draft = (await job.read(VIEW))["invoices"]
    assert [lines(invoice) for invoice in (primary, sent, draft)] == [[], ["Service 1 $100.00"], ["Service 1 $50.00"]]
    assert sent["revision"] == 1


async def test_open_unpaid_invoice_gets_a_new_revision_and_keeps_its_link(world: World) -> None:
    """An edited open invoice gets a new revision under the same link, and its old checkout is ended (S28)."""
    job = await world.inspection()
    invoice = await job.invoice(lineItemIds=job.items[1:])
    payer = await job.payment_link(invoice["id"])
    started = await payer.mutate("startPayment", "payment { id } checkoutUrl", invoiceId=invoice["id"])
    old = started.done("checkoutUrl")
    await job.api.mutate("updateLineItem", lineItemId=job.items[1], amount="80.00")
    calls = [(call["method"], call["path"]) for call in await world.servers.stripe.requests()]
    assert any(method == "POST" and path.endswith("/expire") for method, path in calls)
    assert await world.pay(old) != 303
    seen = await payer.read("{ viewer { ... on PayerViewer { invoice { revision status total { formatted } } } } }")
    assert seen["viewer"]["invoice"] == {"revision": 2, "status": "OPEN", "total": {"formatted": "$80.00"}}
    await job.paid(payer, invoice["id"])
    assert (await job.read("settled { formatted }"))["settled"]["formatted"] == "$80.00"


async def test_edit_below_what_was_paid_is_recorded_as_an_overpayment(world: World) -> None:
    """A charge lowered below what was paid is recorded as an overpayment (S28)."""
    job = await world.inspection()
    invoice = await job.invoice(lineItemIds=job.items[1:])
    await job.paid(await job.payment_link(invoice["id"]), invoice["id"])
    changed = await job.api.mutate("updateLineItem", "lineItem { id }", lineItemId=job.items[1], amount="80.00")
    changed.done("lineItem")
    data = await job.api.read(
        "query($id: ID!) { invoice(id: $id) { paymentStatus total { formatted } settled { formatted } "
        "overpaid { formatted } remaining { formatted } } }",
        id=invoice["id"],
    )
    assert data["invoice"] == {
        "paymentStatus": "OVERPAID",
        "total": {"formatted": "$80.00"},
        "settled": {"formatted": "$100.00"},
        "overpaid": {"formatted": "$20.00"},
        "remaining": {"formatted": "$0.00"},
    }


async def test_removing_all_that_an_unpaid_invoice_bills_voids_it(world: World) -> None:
    """Removing all that an unpaid invoice bills voids it (S28)."""
    job = await world.inspection()
    invoice = await job.invoice(lineItemIds=job.items[1:], send=True)
    payer = await job.payment_link(invoice["id"])
    removed = await job.api.mutate("removeLineItem", "inspection { id }", lineItemId=job.items[1])
    removed.done("inspection")
    found = await job.read(VIEW)
    assert found["invoices"][1]["status"] == "VOID"
    assert (await payer.run("{ viewer { ... on PayerViewer { invoice { id } } } }")).codes == ["UNAUTHENTICATED"]
    assert await world.deliver_mails() == 0


async def test_invoice_is_not_left_below_the_minimum_charge(world: World) -> None:
    """An edit that would leave an invoice less than Stripe's smallest charge is refused (S28)."""
    job = await world.inspection()
    invoice = await job.invoice(lineItemIds=job.items[1:])
    refusal = await refused(world, job.api, "updateLineItem", lineItemId=job.items[1], amount="0.30")
    assert refusal == Refused(
        "BELOW_MINIMUM_CHARGE",
        f"This would leave $0.30 on invoice {invoice['number']}, below the minimum charge of $0.50."
        " Void that invoice first.",
        "amount",
    )


async def test_total_never_falls_below_zero(world: World) -> None:
    """A discount cannot make an inspection's total negative (S28)."""
    job = await world.inspection()
    given = {"inspectionId": job.id, "kind": "DISCOUNT", "description": "Too kind", "updateAgreements": False}
    assert await refused(world, job.api, "addLineItem", **given, amount="-450.01") == Refused(
        "TOTAL_NEGATIVE", "The inspection's total must not be negative; it would be -$0.01.", "amount"
    )
    await add(job, "-450.00", kind="DISCOUNT")
    refusal = await refused(world, job.api, "removeLineItem", lineItemId=job.items[0])
    assert (refusal.code, refusal.field) == ("TOTAL_NEGATIVE", "lineItemId")


async def test_canceled_inspection_keeps_its_charges(world: World) -> None:
    """The charges of a canceled inspection can be neither added to, changed nor removed (S28)."""
    job = await world.inspection()
    await job.api.mutate("cancelInspection", inspectionId=job.id)
    given = {"inspectionId": job.id, "kind": "FEE", "description": "Late", "amount": "1.00", "updateAgreements": False}
    assert (await refused(world, job.api, "addLineItem", **given)).code == "INSPECTION_CANCELED"
    assert (await refused(world, job.api, "updateLineItem", lineItemId=job.items[0], amount="1.00")).code == (
        "INSPECTION_CANCELED"
    )
    assert (await refused(world, job.api, "removeLineItem", lineItemId=job.items[0])).code == "INSPECTION_CANCELED"


async def test_adding_asks_whether_to_update_agreements(world: World) -> None:
    """Adding a charge without saying whether to update agreements is refused (S48)."""
    job = await world.inspection(agreementBody="We agree.")
    async with nothing_changes(world):
        answer = await job.api.run(
            "mutation($input: AddLineItemInput!) { addLineItem(input: $input) { lineItem { id } } }",
            input={"inspectionId": job.id, "kind": "FEE", "description": "Extra", "amount": "1.00"},
        )
    assert answer.codes == ["MALFORMED_OPERATION"]
    assert "updateAgreements" in answer.body["errors"][0]["message"]


async def test_unsigned_agreement_is_updated_in_place(world: World) -> None:
    """An unsigned agreement is rewritten with the new total (S49)."""
    job = await world.inspection(agreementBody="We agree.")
    await add(job, "40.00", update=True)
    assert (await job.read(VIEW))["agreements"] == [agreement(1, "$490.00")]


async def test_signed_agreement_gets_a_new_version_to_sign(world: World) -> None:
    """A signed agreement gets a new version to sign, and the signed one stays (S49)."""
    job = await world.inspection(agreementBody="We agree.")
    client = await job.client_portal()
    await sign(job, "Clara Client")
    await add(job, "40.00", update=True)
    newest, signed = (await job.read(VIEW))["agreements"]
    assert newest == agreement(2, "$490.00")
    assert (signed["version"], signed["current"], signed["total"]["formatted"]) == (1, False, "$450.00")
    assert signed["signedBy"] == "Clara Client"
    old = (await job.read("agreements { id }"))["agreements"][1]["id"]
    assert (
        await refused(world, client, "signAgreement", agreementId=old, name="Clara")
    ).code == "AGREEMENT_NOT_CURRENT"


async def sign(job: Job, name: str) -> None:
    client = await job.client_portal()
    current = (await job.read("agreements { id }"))["agreements"][0]["id"]
    (await client.mutate("signAgreement", "agreement { signedAt }", agreementId=current, name=name)).done("agreement")


def agreement(version: int, total: str) -> Json:
    return {"version": version, "current": True, "total": {"formatted": total}, "signedAt": None, "signedBy": None}


@pytest.mark.parametrize("signed", [False, True])
async def test_dismissing_leaves_agreements_as_they_were(world: World, signed: bool) -> None:
    """Adding a charge without updating leaves agreements as they were, signed or not (S50)."""
    job = await world.inspection(agreementBody="We agree.")
    if signed:
        await sign(job, "Clara Client")
    before = (await job.read("agreements { id version body total { formatted } signedAt current }"))["agreements"]
    await add(job, "40.00")
    after = (await job.read("agreements { id version body total { formatted } signedAt current }"))["agreements"]
    assert after == before
