"""When a separate invoice can be added at all, and what a frontend learns beforehand."""

import pytest
from graphql import GraphQLInputObjectType

import models
from gateways.stripe_answers import ProviderAccount
from operations.payments.connected_accounts import note_stripe_account
from schema.root import build_api
from tests.api.expectations import Refused, refused
from tests.world import Job, World

INVOICING = """
    invoicing {
        available refusal { code message } invoiceable { formatted }
        people { id role roleName person { name } } services { lineItem { id description } invoiceable { formatted } }
    }
"""
BOX = (
    ("Clara Client", "CLIENT"),
    ("Carl Client", "CLIENT"),
    ("Adam Agent", "BUYERS_AGENT"),
    ("Lisa Lister", "LISTING_AGENT"),
)
NOT_CONNECTED = "Connect a Stripe account that can take payments before billing others."
DEFERRED = "Separate invoices are not available while Deferred Payments is on."


async def defer_payments(world: World, *, enabled: bool = True) -> None:
    changed = await world.inspector.mutate("updateCompany", "company { id }", deferredPaymentsEnabled=enabled)
    changed.done("company")


async def test_several_parties_pay_their_own_invoices(world: World) -> None:
    """Four parties pay one inspection, each on an invoice of their own (S1)."""
    job = await world.inspection(people=BOX)
    shares = {
        name: await job.invoice(amount, inspectionPersonId=entry["id"])
        for (name, _), amount, entry in zip(
            BOX[1:], ("100.00", "75.50", "24.50"), job.created["people"][1:], strict=True
        )
    }
    for invoice in shares.values():
        await job.paid(await job.payment_link(invoice["id"]), invoice["id"])
    await job.paid(await job.client_portal(), job.primary_id)
    found = await job.read(
        "paymentStatus remaining { formatted } invoices { kind billedToName status total { formatted } "
        "payments { payerName status amount { formatted } } }"
    )
    assert (found["paymentStatus"], found["remaining"]["formatted"]) == ("PAID", "$0.00")
    assert [
        (invoice["kind"], invoice["billedToName"], invoice["status"], invoice["total"]["formatted"])
        for invoice in found["invoices"]
    ] == [
        ("PRIMARY", "Clara Client", "PAID", "$250.00"),
        ("SEPARATE", "Carl Client", "PAID", "$100.00"),
        ("SEPARATE", "Adam Agent", "PAID", "$75.50"),
        ("SEPARATE", "Lisa Lister", "PAID", "$24.50"),
    ]
    for invoice in found["invoices"]:
        (payment,) = invoice["payments"]
        assert payment == {"payerName": invoice["billedToName"], "status": "SUCCEEDED", "amount": invoice["total"]}


@pytest.mark.parametrize("charges_enabled", [None, False])
async def test_refused_without_a_stripe_account_that_can_charge(world: World, charges_enabled: bool | None) -> None:
    """Without a Stripe account that can charge, a separate invoice is refused, and the query says why (S2, S5)."""
    key, api = await world.new_company("Hillside Inspections", "owner@hillside.test", connected=False)
    if charges_enabled is False:
        await note_stripe_account(key, ProviderAccount("acct_pending", charges_enabled=False, details_submitted=True))
    job = await world.inspection(api=api)
    given = {"inspectionId": job.id, "inspectionPersonId": job.entry(), "fixedAmount": "125.00"}
    assert await refused(world, api, "addInvoice", **given) == Refused("STRIPE_NOT_CONNECTED", NOT_CONNECTED, None)
    assert await refused(world, api, "addInvoice", **given, send=True) == Refused(
        "STRIPE_NOT_CONNECTED", NOT_CONNECTED, None
    )
    invoicing = (await job.read(INVOICING))["invoicing"]
    assert invoicing["available"] is False
    assert invoicing["refusal"] == {"code": "STRIPE_NOT_CONNECTED", "message": NOT_CONNECTED}


async def test_refused_again_when_the_account_loses_the_ability_to_charge(world: World) -> None:
    """Once the Stripe account can no longer charge, separate invoices are refused again (S2)."""
    job = await world.inspection()
    await job.invoice("100.00")
    account = (await models.Company.get(id=world.company_key)).stripe_account_id
    await world.servers.stripe.control(f"accounts/{account}", charges_enabled=False)
    await world.inspector.mutate("refreshStripeConnection", "company { id }")
    given = {"inspectionId": job.id, "inspectionPersonId": job.entry(), "fixedAmount": "125.00"}
    assert (await refused(world, job.api, "addInvoice", **given)).code == "STRIPE_NOT_CONNECTED"


async def test_refused_while_payments_are_deferred(world: World) -> None:
    """While Deferred Payments is on, separate invoices are refused, and the query says why (S3, S5)."""
    job = await world.inspection()
    await defer_payments(world)
    given = {"inspectionId": job.id, "inspectionPersonId": job.entry()}
    for share in ({"fixedAmount": "125.00"}, {"lineItemIds": job.items[:1]}):
        assert await refused(world, job.api, "addInvoice", **given, **share) == Refused(
            "DEFERRED_PAYMENTS_ENABLED", DEFERRED, None
        )
    invoicing = (await job.read(INVOICING))["invoicing"]
    assert invoicing["available"] is False
    assert invoicing["refusal"] == {"code": "DEFERRED_PAYMENTS_ENABLED", "message": DEFERRED}
    await defer_payments(world, enabled=False)
    await job.invoice("125.00")


@pytest.mark.parametrize("send", [False, True])
async def test_payments_are_not_deferred_while_an_invoice_is_live(world: World, send: bool) -> None:
    """Deferred Payments cannot be turned on while a separate invoice is live (S3)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00", send=send)
    assert await refused(
        world, world.inspector, "updateCompany", deferredPaymentsEnabled=True, name="Other"
    ) == Refused(
        "INVOICES_ARE_LIVE",
        f"Deferred Payments can't be turned on while separate invoices are live: {invoice['number']}.",
        "deferredPaymentsEnabled",
    )
    await world.inspector.mutate("voidInvoice", invoiceId=invoice["id"])
    await defer_payments(world)


async def test_payments_may_be_deferred_once_separate_invoices_are_paid(world: World) -> None:
    """Paid separate invoices do not keep Deferred Payments from being turned on (S3)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00")
    await job.paid(await job.payment_link(invoice["id"]), invoice["id"])
    await defer_payments(world)


async def test_another_company_may_defer_payments_meanwhile(world: World) -> None:
    """One company's live invoice does not keep another from deferring payments (S3)."""
    _, other = await world.new_company("Hillside Inspections", "owner@hillside.test")
    await (await world.inspection()).invoice("125.00")
    changed = await other.mutate("updateCompany", "company { deferredPaymentsEnabled }", deferredPaymentsEnabled=True)
    assert changed.done("company") == {"deferredPaymentsEnabled": True}


async def test_available_without_a_setting_to_turn_on(world: World) -> None:
    """Separate invoices are available, and no setting turns them on (S4)."""
    job = await world.inspection()
    invoicing = (await job.read(INVOICING))["invoicing"]
    assert (invoicing["available"], invoicing["refusal"]) == (True, None)
    settings = build_api()._schema.type_map["UpdateCompanyInput"]
    assert isinstance(settings, GraphQLInputObjectType)
    assert not [name for name in settings.fields if "invoice" in name.lower() or "split" in name.lower()]
    await job.invoice("125.00")


async def test_invoicing_tells_people_services_and_what_is_left(world: World) -> None:
    """One query tells who can be billed and what is left of each service and in all (S5, S8, S10)."""
    job = await world.inspection("350.00", "100.00", "0.75", people=BOX)
    await job.api.mutate(
        "addLineItem",
        inspectionId=job.id,
        kind="DISCOUNT",
        description="Friend",
        amount="-50.00",
        updateAgreements=False,
    )
    await job.invoice("10.00")
    invoicing = (await job.read(INVOICING))["invoicing"]
    assert invoicing["invoiceable"]["formatted"] == "$390.75"
    assert [(person["person"]["name"], person["role"]) for person in invoicing["people"]] == list(BOX)
    assert [person["id"] for person in invoicing["people"]] == [person["id"] for person in job.created["people"]]
    parts = [(part["lineItem"]["description"], part["invoiceable"]["formatted"]) for part in invoicing["services"]]
    assert parts == [("Service 1", "$290.00"), ("Service 2", "$100.00"), ("Service 3", "$0.75")]


async def test_invoicing_leaves_out_people_who_left_the_box(world: World) -> None:
    """People who left the box are not offered as payers (S5, S6)."""
    job = await world.inspection(people=BOX)
    left = job.entry("LISTING_AGENT")
    await job.api.mutate("removeInspectionPerson", inspectionPersonId=left)
    invoicing = (await job.read(INVOICING))["invoicing"]
    assert left not in [person["id"] for person in invoicing["people"]]
    assert len(invoicing["people"]) == 3


async def test_invoicing_says_when_everything_is_taken(world: World) -> None:
    """When everything is on other invoices, the query says that nothing can be invoiced (S5, S42)."""
    job = await world.inspection()
    await job.invoice("450.00")
    await expect_nothing_left(job)


async def test_nothing_to_choose_on_a_fully_paid_inspection(world: World) -> None:
    """On a fully paid inspection nothing can be chosen, and an invoice is refused (S42, S5)."""
    job = await world.inspection()
    await job.paid(await job.client_portal(), job.primary_id)
    await expect_nothing_left(job)
    given = {"inspectionId": job.id, "inspectionPersonId": job.entry()}
    assert await refused(world, job.api, "addInvoice", **given, fixedAmount="1.00") == Refused(
        "AMOUNT_EXCEEDS_INVOICEABLE", "Fixed amount cannot exceed $0.00", "fixedAmount"
    )
    assert await refused(world, job.api, "addInvoice", **given, lineItemIds=job.items) == Refused(
        "NOTHING_TO_INVOICE", "Everything is paid or on another invoice already.", None
    )


async def expect_nothing_left(job: Job) -> None:
    invoicing = (await job.read(INVOICING))["invoicing"]
    assert invoicing["available"] is False
    assert invoicing["refusal"]["code"] == "NOTHING_TO_INVOICE"
    assert invoicing["invoiceable"]["formatted"] == "$0.00"
    assert invoicing["services"] == []


async def test_canceled_inspection_takes_no_invoice(world: World) -> None:
    """A canceled inspection takes no invoice, and the query says why (S5)."""
    job = await world.inspection()
    await job.api.mutate("cancelInspection", inspectionId=job.id)
    given = {"inspectionId": job.id, "inspectionPersonId": job.entry(), "fixedAmount": "125.00"}
    assert await refused(world, job.api, "addInvoice", **given) == Refused(
        "INSPECTION_CANCELED", "The inspection is canceled.", None
    )
    invoicing = (await job.read(INVOICING))["invoicing"]
    assert (invoicing["available"], invoicing["refusal"]["code"]) == (False, "INSPECTION_CANCELED")


async def test_inspection_with_a_live_invoice_is_not_canceled(world: World) -> None:
    job = await world.inspection()
    invoice = await job.invoice("125.00")
    assert await refused(world, job.api, "cancelInspection", inspectionId=job.id) == Refused(
        "INSPECTION_HAS_LIVE_INVOICE", f"Void the open invoices first: {invoice['number']}.", "inspectionId"
    )


async def test_invoicing_is_for_staff_alone(world: World) -> None:
    """A client cannot read what can still be invoiced (S5)."""
    job = await world.inspection()
    client = await job.client_portal()
    answer = await client.run("query($id: ID!) { inspection(id: $id) { invoicing { available } } }", id=job.id)
    assert set(answer.codes) == {"FORBIDDEN"}
    assert answer.body.get("data") is None
