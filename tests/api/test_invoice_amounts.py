"""What an invoice bills: services, fixed amounts, and the limits of both."""

from typing import Any

import pytest

from tests.api.expectations import Refused, nothing_changes, refused
from tests.world import Job, Json, World

EXACTLY_ONE = "Give either lineItemIds or fixedAmount: exactly one of the two."


def lines(invoice: Json) -> list[tuple[str, str]]:
    return [(line["description"], line["amount"]["formatted"]) for line in invoice["lines"]]


async def refusal_of(world: World, job: Job, **share: Any) -> Refused:
    given = {"inspectionId": job.id, "inspectionPersonId": job.entry(), **share}
    return await refused(world, job.api, "addInvoice", **given)


async def test_invoice_bills_one_or_several_services(world: World) -> None:
    """An invoice bills one service or several (S9)."""
    job = await world.inspection("350.00", "100.00", "25.00")
    one = await job.invoice(lineItemIds=job.items[1:2])
    assert (lines(one), one["total"]["formatted"]) == ([("Service 2", "$100.00")], "$100.00")
    several = await job.invoice(lineItemIds=[job.items[2], job.items[0]])
    assert lines(several) == [("Service 1", "$350.00"), ("Service 3", "$25.00")]
    assert lines(await job.primary()) == []


async def test_fixed_amount_consumes_charges_in_display_order(world: World) -> None:
    """A fixed amount uses up charges in the order in which they are shown (S9)."""
    job = await world.inspection("350.00", "100.00")
    invoice = await job.invoice("400.00")
    assert lines(invoice) == [("Service 1", "$350.00"), ("Service 2", "$50.00")]
    assert lines(await job.primary()) == [("Service 2", "$50.00")]


@pytest.mark.parametrize("share", ["both", "neither", "no services"])
async def test_exactly_one_of_services_and_fixed_amount(world: World, share: str) -> None:
    """An invoice bills services or a fixed amount: not both, not neither, not an empty list (S9)."""
    job = await world.inspection()
    if share == "both":
        assert await refusal_of(world, job, lineItemIds=job.items, fixedAmount="1.00") == Refused(
            "INVALID_INPUT", EXACTLY_ONE, "fixedAmount"
        )
    elif share == "neither":
        assert await refusal_of(world, job) == Refused("INVALID_INPUT", EXACTLY_ONE, "fixedAmount")
    else:
        assert await refusal_of(world, job, lineItemIds=[]) == Refused(
            "INVALID_INPUT", "lineItemIds must name at least one service.", "lineItemIds"
        )
    invoice = await job.invoice("10.00")
    update = {"invoiceId": invoice["id"], "lineItemIds": job.items, "fixedAmount": "1.00"}
    assert (await refused(world, job.api, "updateInvoice", **update)).message == EXACTLY_ONE


async def test_service_named_twice_is_billed_once(world: World) -> None:
    """A service that is named twice is billed once (S9)."""
    job = await world.inspection()
    assert lines(await job.invoice(lineItemIds=[job.items[1]] * 2)) == [("Service 2", "$100.00")]


async def test_partly_covered_service_bills_its_uncovered_part(world: World) -> None:
    """A service that is partly on another invoice bills the rest (S10, S41)."""
    job = await world.inspection("350.00", "100.00")
    await job.invoice("125.00")
    invoice = await job.invoice(lineItemIds=job.items[:1])
    assert lines(invoice) == [("Service 1", "$225.00")]
    assert await refusal_of(world, job, lineItemIds=job.items) == Refused(
        "NOTHING_TO_INVOICE", "Service 1 has nothing left to invoice.", "lineItemIds.0"
    )
    assert lines(await job.primary()) == [("Service 2", "$100.00")]


async def test_service_partly_paid_by_the_client_bills_the_rest(world: World) -> None:
    """A service that the client has partly paid bills the rest (S10, S41)."""
    job = await world.inspection("350.00", "100.00")
    await job.paid(await job.client_portal(), job.primary_id, "400.00")
    assert await refusal_of(world, job, lineItemIds=job.items[:1]) == Refused(
        "NOTHING_TO_INVOICE", "Service 1 has nothing left to invoice.", "lineItemIds.0"
    )
    assert lines(await job.invoice(lineItemIds=job.items[1:])) == [("Service 2", "$50.00")]


async def test_charges_on_a_live_invoice_come_back_when_it_is_void(world: World) -> None:
    """Charges on a live invoice cannot be invoiced again until it is void (S41)."""
    job = await world.inspection()
    invoice = await job.invoice(lineItemIds=job.items[1:], send=True)
    taken = Refused("NOTHING_TO_INVOICE", "Service 2 has nothing left to invoice.", "lineItemIds.0")
    assert await refusal_of(world, job, lineItemIds=job.items[1:]) == taken
    voided = await job.api.mutate("voidInvoice", "invoice { status remaining { formatted } }", invoiceId=invoice["id"])
    assert voided.done("invoice") == {"status": "VOID", "remaining": {"formatted": "$0.00"}}
    assert (await job.primary())["total"]["formatted"] == "$450.00"
    assert lines(await job.invoice(lineItemIds=job.items[1:])) == [("Service 2", "$100.00")]


async def test_charges_that_are_paid_are_not_invoiced_again(world: World) -> None:
    """Charges that are paid cannot be invoiced again (S41, S43)."""
    job = await world.inspection()
    invoice = await job.invoice(lineItemIds=job.items[1:])
    await job.paid(await job.payment_link(invoice["id"]), invoice["id"])
    assert (await refusal_of(world, job, lineItemIds=job.items[1:])).code == "NOTHING_TO_INVOICE"
    assert (await refusal_of(world, job, fixedAmount="350.01")).message == "Fixed amount cannot exceed $350.00"


@pytest.mark.parametrize("send", [False, True])
async def test_fixed_amount_above_the_limit_names_the_limit(world: World, send: bool) -> None:
    """A fixed amount above the limit is refused with the limit, whether saved or sent (S43, S41)."""
    job = await world.inspection()
    await job.invoice("125.00")
    assert await refusal_of(world, job, fixedAmount="325.01", send=send) == Refused(
        "AMOUNT_EXCEEDS_INVOICEABLE", "Fixed amount cannot exceed $325.00", "fixedAmount"
    )
    await job.invoice("325.00")
    assert await refusal_of(world, job, fixedAmount="0.50", send=send) == Refused(
        "AMOUNT_EXCEEDS_INVOICEABLE", "Fixed amount cannot exceed $0.00", "fixedAmount"
    )


async def test_limit_is_written_as_people_write_money(world: World) -> None:
    """The limit is written with thousands separated, as people write money (S43)."""
    job = await world.inspection("12345.60")
    assert (await refusal_of(world, job, fixedAmount="99999.00")).message == "Fixed amount cannot exceed $12,345.60"


async def test_money_in_flight_is_not_invoiceable(world: World) -> None:
    """Money under way cannot be invoiced to anybody else (S41, S43)."""
    job = await world.inspection()
    client = await job.client_portal()
    await job.paid(client, job.primary_id, "450.00", bank="succeeds")
    assert (await job.primary())["inFlight"]["formatted"] == "$450.00"
    assert (await refusal_of(world, job, fixedAmount="1.00")).message == "Fixed amount cannot exceed $0.00"
    assert (await refusal_of(world, job, lineItemIds=job.items)).code == "NOTHING_TO_INVOICE"


async def test_inspection_without_charges_has_nothing_to_invoice(world: World) -> None:
    """An inspection without charges has nothing to invoice, and the limit reads $0.00 (S42, S43)."""
    job = await world.inspection(lineItems=[])
    assert (await refusal_of(world, job, fixedAmount="1.00")).message == "Fixed amount cannot exceed $0.00"


async def test_yen_have_no_decimals(world: World) -> None:
    """In a currency without decimals, the limit and amounts have none (S43)."""
    _, api = await world.new_company("Tokyo Inspections", "owner@tokyo.test", currency="JPY")
    job = await world.inspection("45000", api=api)
    assert (await refusal_of(world, job, fixedAmount="45001")).message == "Fixed amount cannot exceed ¥45,000"
    assert await refusal_of(world, job, fixedAmount="100.5") == Refused(
        "INVALID_AMOUNT", "fixedAmount must have no decimals in JPY.", "fixedAmount"
    )
    invoice = await job.invoice("12500", send=True)
    assert invoice["total"] == {"formatted": "¥12,500", "amount": "12500", "currency": "JPY"}
    payer = await job.payment_link(invoice["id"])
    await job.paid(payer, invoice["id"])
    (created,) = [call for call in await world.servers.stripe.requests() if call["path"] == "/v1/checkout/sessions"]
    price = created["params"]["line_items"][0]["price_data"]
    assert (str(price["unit_amount"]), price["currency"]) == ("12500", "jpy")
    await job.invoice("32500")
    assert (await refusal_of(world, job, fixedAmount="50")).message == "Fixed amount cannot exceed ¥0"


async def test_discount_reduces_what_can_be_invoiced(world: World) -> None:
    """A discount lowers what can be invoiced (S41, S43)."""
    job = await world.inspection("350.00", "100.00")
    await job.api.mutate(
        "addLineItem",
        inspectionId=job.id,
        kind="DISCOUNT",
        description="Friend",
        amount="-400.00",
        updateAgreements=False,
    )
    assert (await refusal_of(world, job, fixedAmount="50.01")).message == "Fixed amount cannot exceed $50.00"
    invoice = await job.invoice("50.00")
    assert lines(invoice) == [("Service 2", "$50.00")]
    primary = await job.primary()
    assert (primary["total"]["formatted"], primary["status"]) == ("$0.00", "PAID")


async def test_discount_line_can_not_be_invoiced_by_itself(world: World) -> None:
    """A discount cannot be chosen as a service to bill (S9)."""
    job = await world.inspection()
    added = await job.api.mutate(
        "addLineItem",
        "lineItem { id }",
        inspectionId=job.id,
        kind="DISCOUNT",
        description="Friend",
        amount="-40.00",
        updateAgreements=False,
    )
    assert await refusal_of(world, job, lineItemIds=[added.done("lineItem")["id"]]) == Refused(
        "NOTHING_TO_INVOICE", "Friend has nothing left to invoice.", "lineItemIds.0"
    )


async def test_split_below_the_minimum_charge_is_refused_at_save(world: World) -> None:
    """A split that leaves either side less than Stripe's smallest charge is refused when saved (S9)."""
    job = await world.inspection("100.00")
    assert await refusal_of(world, job, fixedAmount="0.49") == Refused(
        "BELOW_MINIMUM_CHARGE",
        "An invoice must be at least $0.50, the smallest amount that can be charged.",
        "fixedAmount",
    )
    assert await refusal_of(world, job, fixedAmount="99.51") == Refused(
        "BELOW_MINIMUM_CHARGE",
        "This would leave $0.49 to the client, below the smallest amount that can be charged, $0.50.",
        "fixedAmount",
    )
    await job.invoice("99.50")
    await job.invoice("0.50")


async def test_services_below_the_minimum_charge_name_their_field(world: World) -> None:
    """Services below Stripe's smallest charge are refused, naming lineItemIds (S9)."""
    job = await world.inspection("100.00", "0.25")
    refusal = await refusal_of(world, job, lineItemIds=job.items[1:])
    assert (refusal.code, refusal.field) == ("BELOW_MINIMUM_CHARGE", "lineItemIds")


async def test_lines_always_sum_to_the_charges(world: World) -> None:
    """After any splits, the lines of each charge sum to the charge (S41, S1)."""
    job = await world.inspection("33.33", "66.67", "0.01", "99.99")
    for amount in ("10.01", "33.33", "77.77"):
        await job.invoice(amount)
        found = await job.read(
            "invoices { lines { amount { amount } lineItem { id } } } lineItems { id amount { amount } }"
        )
        for item in found["lineItems"]:
            billed = [
                round(float(line["amount"]["amount"]) * 100)
                for invoice in found["invoices"]
                for line in invoice["lines"]
                if line["lineItem"]["id"] == item["id"]
            ]
            assert sum(billed) == round(float(item["amount"]["amount"]) * 100)


async def test_same_key_adds_one_invoice(world: World) -> None:
    job = await world.inspection()
    given = {"inspectionId": job.id, "inspectionPersonId": job.entry(), "fixedAmount": "125.00", "idempotencyKey": "k1"}
    first = (await job.api.mutate("addInvoice", "invoice { id }", **given, send=True)).done("invoice")
    async with nothing_changes(world):
        again = (await job.api.mutate("addInvoice", "invoice { id }", **given, send=True)).done("invoice")
    assert again == first
    assert await refused(world, job.api, "addInvoice", **{**given, "fixedAmount": "126.00"}, send=True) == Refused(
        "IDEMPOTENCY_KEY_REUSED",
        "idempotencyKey was used before with another input; choose a new key.",
        "idempotencyKey",
    )
