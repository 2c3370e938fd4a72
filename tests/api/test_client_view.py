"""What the client sees: who pays what and who has paid, and nothing more about anybody."""

import pytest

from tests.api.expectations import forbidden, missing, refused
from tests.world import Api, Job, Json, World

VIEW = """
    inspection {
        total { formatted } settled { formatted } inFlight { formatted } remaining { formatted } paymentStatus
        invoices {
            kind billedToName status paymentStatus total { formatted } settled { formatted } remaining { formatted }
            payments { payerName status method amount { formatted } }
        }
        payments { payerName status amount { formatted } }
    }
"""
BOX = (("Clara Client", "CLIENT"), ("Adam Agent", "BUYERS_AGENT"), ("Lisa Lister", "LISTING_AGENT"))
PRIVATE = [
    "inspection { people { person { email } } }",
    "inspection { people { person { phone } } }",
    "inspection { payments { cardBrand } }",
    "inspection { payments { cardLast4 } }",
    "inspection { payments { failureMessage } }",
    "inspection { payments { reference } }",
    "inspection { payments { stripePaymentIntentId } }",
    "inspection { invoices { billedTo { person { email } } } }",
    "inspection { invoices { emails { to } } }",
    "inspection { invoices { emailPreview { to } } }",
    "inspection { emails { to } }",
    "inspection { events { name } }",
    "inspection { notificationsDisabled }",
    "inspection { company { stripe { accountId } } }",
]


async def client_sees(client: Api, selection: str = VIEW) -> Json:
    data = await client.read(f"{{ viewer {{ ... on ClientViewer {{ {selection} }} }} }}")
    found: Json = data["viewer"]["inspection"]
    return found


async def document(world: World, client: Api, invoice_id: str) -> str:
    data = await client.read("query($id: ID!) { invoice(id: $id) { documentUrl } }", id=invoice_id)
    return (await world.http.get(data["invoice"]["documentUrl"])).text


async def two_others(world: World) -> tuple[Job, Json, Json]:
    """An inspection of which the agent is billed $125 and the lister $75."""
    job = await world.inspection(people=BOX)
    agent = await job.invoice("125.00")
    lister = await job.invoice("75.00", inspectionPersonId=job.entry("LISTING_AGENT"))
    return job, agent, lister


async def test_pay_view_shows_how_much_was_paid_and_by_whom(world: World) -> None:
    """The client portal shows how much was paid, and by whom (S21)."""
    job, agent, _ = await two_others(world)
    client = await job.client_portal()
    await job.paid(await job.payment_link(agent["id"]), agent["id"])
    await job.paid(client, job.primary_id, "50.00")
    seen = await client_sees(client)
    assert [(payment["payerName"], payment["amount"]["formatted"]) for payment in seen["payments"]] == [
        ("Adam Agent", "$125.00"),
        ("Clara Client", "$50.00"),
    ]
    assert (seen["settled"]["formatted"], seen["remaining"]["formatted"]) == ("$175.00", "$275.00")
    assert seen["paymentStatus"] == "PARTIALLY_PAID"


async def test_unpaid_shares_of_others_show_name_amount_and_status(world: World) -> None:
    """A client sees of others' unpaid shares the name, the amount and the status (S21, S22)."""
    job, agent, lister = await two_others(world)
    await job.payment_link(agent["id"])
    client = await job.client_portal()
    shares = [
        (invoice["billedToName"], invoice["total"]["formatted"], invoice["status"], invoice["paymentStatus"])
        for invoice in (await client_sees(client))["invoices"]
    ]
    assert shares == [
        ("Clara Client", "$250.00", "OPEN", "UNPAID"),
        ("Adam Agent", "$125.00", "OPEN", "UNPAID"),
        ("Lisa Lister", "$75.00", "DRAFT", "UNPAID"),
    ]
    assert lister["total"]["formatted"] == "$75.00"


async def test_client_invoice_document_names_who_paid_and_who_has_not(world: World) -> None:
    """The client's document names who paid their share and who has not (S22)."""
    job, agent, _ = await two_others(world)
    client = await job.client_portal()
    await job.paid(await job.payment_link(agent["id"]), agent["id"])
    await job.paid(client, job.primary_id, "50.00")
    text = await document(world, client, job.primary_id)
    for row in (
        '<td>Adam Agent<br><span class="quiet">Paid</span></td><td>$125.00</td>',
        '<td>Lisa Lister<br><span class="quiet">Unpaid</span></td><td>$75.00</td>',
    ):
        assert row in text
    assert "Clara Client<br>" in text
    assert "$50.00" in text
    assert "<td>Amount due</td><td>$200.00</td>" in text


async def test_client_invoice_document_shows_how_much_of_a_share_was_paid(world: World) -> None:
    """The client's document shows how much of a share was paid (S22)."""
    job, agent, _ = await two_others(world)
    await job.paid(await job.payment_link(agent["id"]), agent["id"], "60.00")
    text = await document(world, await job.client_portal(), job.primary_id)
    assert "Adam Agent" in text
    assert "$60.00" in text
    assert "$125.00" in text


async def test_void_shares_are_nobodys(world: World) -> None:
    """A void share is gone from the client's view, and its amount is the client's again (S22, S21)."""
    job, agent, _ = await two_others(world)
    await job.api.mutate("voidInvoice", invoiceId=agent["id"])
    client = await job.client_portal()
    text = await document(world, client, job.primary_id)
    assert "Adam Agent" not in text
    assert "Lisa Lister" in text
    assert (await client_sees(client))["invoices"][0]["total"]["formatted"] == "$375.00"


@pytest.mark.parametrize("selection", PRIVATE)
async def test_client_never_reads_what_is_private_to_others(world: World, selection: str) -> None:
    """A client is refused the fields that are private to other payers (S21, S22)."""
    job, agent, _ = await two_others(world)
    await job.paid(await job.payment_link(agent["id"]), agent["id"])
    client = await job.client_portal()
    await forbidden(world, client, f"{{ viewer {{ ... on ClientViewer {{ {selection} }} }} }}")


async def test_client_documents_hold_no_address_phone_or_card(world: World) -> None:
    """The documents a client can open hold no address, phone number or card of others (S21, S22)."""
    job, agent, lister = await two_others(world)
    person = job.created["people"][1]["person"]["id"]
    await job.api.mutate("updatePerson", personId=person, phone="+1 312 555 0143")
    await job.paid(await job.payment_link(agent["id"]), agent["id"], card="5555555555554444")
    client = await job.client_portal()
    for invoice in (job.primary_id, agent["id"], lister["id"]):
        text = await document(world, client, invoice)
        for secret in (job.email(), job.email("LISTING_AGENT"), "555 0143", "4444", "mastercard", "pi_", "cs_"):
            assert secret not in text


async def test_client_sees_no_declined_attempt_of_others(world: World) -> None:
    """A client sees no declined or canceled attempt of somebody else (S21)."""
    job, agent, _ = await two_others(world)
    payer = await job.payment_link(agent["id"])
    started = await payer.mutate("startPayment", "payment { id } checkoutUrl", invoiceId=agent["id"])
    payment = started.done("payment")["id"]
    client = await job.client_portal()
    assert await world.pay(started.content["checkoutUrl"], card="4000000000000002") == 402
    await world.poll()
    assert (await client_sees(client))["payments"] == []
    canceled = await payer.mutate("cancelPayment", "payment { status }", paymentId=payment)
    assert canceled.done("payment")["status"] == "CANCELED"
    seen = await client_sees(client)
    assert seen["payments"] == []
    assert [invoice["payments"] for invoice in seen["invoices"]] == [[], [], []]
    await missing(world, client, "query($id: ID!) { node(id: $id) { id } }", id=payment)
    assert "declined" not in await document(world, client, job.primary_id)
    own = await payer.read("{ viewer { ... on PayerViewer { invoice { payments { status failureMessage } } } } }")
    (attempt,) = own["viewer"]["invoice"]["payments"]
    assert attempt["status"] == "CANCELED"


async def test_client_sees_others_money_under_way(world: World) -> None:
    """A client sees money that others have under way (S21)."""
    job, agent, _ = await two_others(world)
    await job.paid(await job.payment_link(agent["id"]), agent["id"], bank="succeeds")
    seen = await client_sees(await job.client_portal())
    assert seen["payments"] == [{"payerName": "Adam Agent", "status": "PROCESSING", "amount": {"formatted": "$125.00"}}]
    assert (seen["inFlight"]["formatted"], seen["remaining"]["formatted"]) == ("$125.00", "$325.00")


async def test_client_pays_what_is_theirs_and_no_more(world: World) -> None:
    """A client pays the client's invoice, no more than remains of it, and nobody else's (S21, S41)."""
    job, agent, _ = await two_others(world)
    client = await job.client_portal()
    assert (await refused(world, client, "startPayment", invoiceId=job.primary_id, amount="250.01")).message == (
        "amount cannot exceed $250.00, which is what remains."
    )
    assert (await refused(world, client, "startPayment", invoiceId=agent["id"])).code == "INVOICE_NOT_PAYABLE"
    await job.paid(client, job.primary_id)
    seen = await client_sees(client)
    assert (seen["invoices"][0]["status"], seen["remaining"]["formatted"]) == ("PAID", "$200.00")


async def test_client_sees_one_inspection_alone(world: World) -> None:
    """A client reads their one inspection and finds no other (S18, S19)."""
    job, other = await world.inspection(), await world.inspection()
    client = await job.client_portal()
    await missing(world, client, "query($id: ID!) { inspection(id: $id) { number } }", id=other.id)
    await missing(world, client, "query($id: ID!) { invoice(id: $id) { number } }", id=other.primary_id)
    stranger = other.created["people"][1]["person"]["id"]
    await missing(world, client, "query($id: ID!) { node(id: $id) { id } }", id=stranger)
    for name in ("inspections", "invoices", "payments", "people", "emails"):
        await forbidden(world, client, f"{{ {name} {{ totalCount }} }}")


async def test_second_client_with_the_portal_sees_the_same(world: World) -> None:
    """A second client with a portal link sees what the first one sees (S21, S25)."""
    people = (("Clara Client", "CLIENT"), ("Carl Client", "CLIENT"), ("Adam Agent", "BUYERS_AGENT"))
    job = await world.inspection(people=people)
    second = job.created["people"][1]["person"]["id"]
    made = await job.api.mutate("shareClientPortal", "url", inspectionId=job.id, personId=second)
    client = world.bearer(made.done("url"))
    assert await client_sees(client) == await client_sees(await job.client_portal())
