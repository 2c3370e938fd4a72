"""The Payment Portal: a payer reads one invoice and nothing else, whatever they ask for."""

from datetime import timedelta

import pytest

from models import Grant, Person
from rules import clock
from tests.api.expectations import forbidden, missing, nothing_changes, refused
from tests.world import Api, Job, Json, World, key_of

PAYER = "{ viewer { __typename ... on PayerViewer { invoice { id } } } }"
PATHS = [
    ("inspection", "query($id: ID!) { inspection(id: $id) { number } }"),
    ("report", "query($id: ID!) { inspection(id: $id) { report { url } } }"),
    ("agreements", "query($id: ID!) { inspection(id: $id) { agreements { body } } }"),
    ("total", "query($id: ID!) { inspection(id: $id) { total { formatted } } }"),
    ("people", "query($id: ID!) { inspection(id: $id) { people { person { email } } } }"),
]
FIELDS = [
    "inspection { total { formatted } }",
    "inspection { primaryInvoice { id } }",
    "billedTo { role }",
    "billedTo { person { email phone } }",
    "emails { to }",
    "emailPreview { to }",
    "lines { lineItem { amount { formatted } } }",
    "payments { refundable { formatted } }",
    "payments { reference }",
    "payments { stripePaymentIntentId }",
    "payments { refunds { reason } }",
]
LISTS = ["inspections", "people", "invoices", "payments", "emails"]


async def billed(world: World) -> tuple[Job, str, Api]:
    """An inspection, the agent's invoice, and the agent in its payment portal."""
    job = await world.inspection(agreementBody="We agree.")
    invoice = await job.invoice("125.00")
    return job, invoice["id"], await job.payment_link(invoice["id"])


async def token_works(api: Api) -> bool:
    answer = await api.run(PAYER)
    assert answer.codes in ([], ["UNAUTHENTICATED"])
    return answer.codes == []


async def test_payer_reads_their_invoice(world: World) -> None:
    """A payer reads their one invoice (S17, S19, S20)."""
    job, invoice, payer = await billed(world)
    seen = await payer.read(
        "{ viewer { ... on PayerViewer { invoice { id number companyName propertyAddress billedToName status "
        "total { formatted } remaining { formatted } lines { description amount { formatted } } payments { id } } } } }"
    )
    assert seen["viewer"]["invoice"] == {
        "id": invoice,
        "number": f"{job.created['number']}-2",
        "companyName": "Lakeside Inspections",
        "propertyAddress": "12 Shore Road, Lakeside",
        "billedToName": "Adam Agent",
        "status": "OPEN",
        "total": {"formatted": "$125.00"},
        "remaining": {"formatted": "$125.00"},
        "lines": [{"description": "Service 1", "amount": {"formatted": "$125.00"}}],
        "payments": [],
    }


@pytest.mark.parametrize(("field", "query"), PATHS, ids=[field for field, _ in PATHS])
async def test_payer_reads_nothing_of_the_inspection(world: World, field: str, query: str) -> None:
    """A payer reads nothing of the inspection (S19)."""
    job, _, payer = await billed(world)
    messages = await forbidden(world, payer, query, id=job.id)
    assert any(field in message for message in messages)


@pytest.mark.parametrize("selection", FIELDS)
async def test_payer_reads_nothing_around_their_own_invoice(world: World, selection: str) -> None:
    """From their invoice a payer reaches neither client, inspection, links nor mails (S19)."""
    _, invoice, payer = await billed(world)
    await forbidden(world, payer, f"query($id: ID!) {{ invoice(id: $id) {{ id {selection} }} }}", id=invoice)


@pytest.mark.parametrize("name", LISTS)
async def test_payer_has_no_lists(world: World, name: str) -> None:
    """A payer has no lists of anything (S19)."""
    _, _, payer = await billed(world)
    await forbidden(world, payer, f"{{ {name} {{ totalCount }} }}")


async def test_payer_does_not_find_other_invoices_payments_or_people(world: World) -> None:
    """A payer finds no other invoice, payment or person by its id (S19, S18)."""
    job, invoice, payer = await billed(world)
    other = await job.invoice("50.00")
    paid = await job.paid(await job.payment_link(other["id"]), other["id"])
    elsewhere = await world.inspection()
    foreign = await elsewhere.invoice("50.00")
    for invoice_id in (job.primary_id, other["id"], foreign["id"], elsewhere.primary_id):
        await missing(world, payer, "query($id: ID!) { invoice(id: $id) { number } }", id=invoice_id)
        await missing(world, payer, "query($id: ID!) { node(id: $id) { id } }", id=invoice_id)
        refusal = await refused(world, payer, "startPayment", invoiceId=invoice_id)
        assert (refusal.code, refusal.field) == ("NOT_FOUND", "invoiceId")
    nodes = [job.id, paid["id"], *job.items, *(entry["id"] for entry in job.created["people"])]
    nodes += [entry["person"]["id"] for entry in job.created["people"]]
    for node in nodes:
        await missing(world, payer, "query($id: ID!) { node(id: $id) { id } }", id=node)
    refusal = await refused(world, payer, "cancelPayment", paymentId=paid["id"])
    assert (refusal.code, refusal.field) == ("NOT_FOUND", "paymentId")
    assert (await payer.read(PAYER))["viewer"]["invoice"]["id"] == invoice


async def test_address_and_company_on_a_sent_invoice_are_snapshots(world: World) -> None:
    """A sent invoice keeps the address and company name that it was made with (S19)."""
    job, _, payer = await billed(world)
    draft = await job.invoice("50.00")
    moved = await job.api.mutate(
        "updateInspection", "inspection { id }", inspectionId=job.id, propertyAddress="99 Other Street"
    )
    moved.done("inspection")
    renamed = await job.api.mutate("updateCompany", "company { id }", name="Renamed Inspections")
    renamed.done("company")
    person = job.created["people"][1]["person"]["id"]
    await job.api.mutate("updatePerson", personId=person, name="Adam Renamed")
    seen = (
        await payer.read("{ viewer { ... on PayerViewer { invoice { companyName propertyAddress billedToName } } } }")
    )["viewer"]["invoice"]
    assert seen == {
        "companyName": "Lakeside Inspections",
        "propertyAddress": "12 Shore Road, Lakeside",
        "billedToName": "Adam Renamed",  # A corrected name shows on what is not yet paid (S58).
    }
    data = await job.api.read("query($id: ID!) { invoice(id: $id) { propertyAddress } }", id=draft["id"])
    assert data["invoice"]["propertyAddress"] == "99 Other Street"


async def test_links_are_not_interchangeable(world: World) -> None:
    """A payment link opens no client portal, and a client link no payment portal (S18)."""
    job, invoice, payer = await billed(world)
    client = await job.client_portal()
    as_client = (
        "{ viewer { __typename ... on ClientViewer { inspection { id } } ... on PayerViewer { invoice { id } } } }"
    )
    assert "ClientViewer.inspection" in " ".join(await forbidden(world, payer, as_client))
    assert "PayerViewer.invoice" in " ".join(await forbidden(world, client, as_client))
    assert (await payer.read("{ viewer { __typename } }"))["viewer"]["__typename"] == "PayerViewer"
    assert (await client.read("{ viewer { __typename } }"))["viewer"]["__typename"] == "ClientViewer"
    refusal = await refused(world, client, "startPayment", invoiceId=invoice)
    assert (refusal.code, refusal.message) == ("INVOICE_NOT_PAYABLE", "This invoice is somebody else's to pay.")


async def test_client_does_not_cancel_somebody_elses_payment(world: World) -> None:
    """A client cannot cancel somebody else's payment (S18)."""
    job, invoice, payer = await billed(world)
    started = await payer.mutate("startPayment", "payment { id }", invoiceId=invoice)
    client = await job.client_portal()
    refusal = await refused(world, client, "cancelPayment", paymentId=started.done("payment")["id"])
    assert (refusal.code, refusal.field) == ("NOT_FOUND", "paymentId")


async def test_opening_a_link_changes_nothing(world: World) -> None:
    """Opening a payment link changes nothing, however often (S17)."""
    _, invoice, payer = await billed(world)
    async with nothing_changes(world):
        for _ in range(3):
            await payer.read(PAYER)
            await payer.read("query($id: ID!) { invoice(id: $id) { documentUrl payments { id } } }", id=invoice)


async def test_paying_opens_nothing_more(world: World) -> None:
    """Paying opens neither the client portal nor the report (S23)."""
    job, invoice, payer = await billed(world)
    before = await Grant.all().values_list("id", "kind")
    await job.paid(payer, invoice)
    assert await Grant.all().values_list("id", "kind") == before
    for _, query in PATHS:
        await forbidden(world, payer, query, id=job.id)
    await missing(world, payer, "query($id: ID!) { invoice(id: $id) { number } }", id=job.primary_id)
    await missing(world, payer, "query($id: ID!) { node(id: $id) { id } }", id=job.id)
    await world.deliver_mails()
    for mail in await world.mails():
        assert world.settings.client_portal_url not in mail["text"] + mail["html"]


@pytest.mark.parametrize("end", ["expired", "revoked", "void"])
async def test_ended_link_opens_nothing(world: World, end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link that expired, was revoked, or whose invoice is void opens nothing (S17)."""
    job, invoice, payer = await billed(world)
    assert await token_works(payer)
    if end == "expired":
        late = clock.now() + timedelta(days=30, seconds=1)
        monkeypatch.setattr(clock, "now", lambda: late)
    elif end == "revoked":
        (grant,) = (await job.read("grants { id kind }"))["grants"]
        assert grant["kind"] == "PAYMENT_PORTAL"
        await job.api.mutate("revokeGrant", "grant { revokedAt }", grantId=grant["id"])
    else:
        await job.api.mutate("voidInvoice", invoiceId=invoice)
    async with nothing_changes(world):
        assert not await token_works(payer)
        answer = await payer.run(
            "mutation($input: StartPaymentInput!) { startPayment(input: $input) { checkoutUrl } }",
            input={"invoiceId": invoice},
        )
    assert answer.codes == ["UNAUTHENTICATED"]
    assert answer.status == 401


@pytest.mark.parametrize("change", ["one letter", "shorter", "longer", "case", "empty", "a row's key", "its hash"])
async def test_tampered_link_opens_nothing(world: World, change: str) -> None:
    """A token that was tampered with opens nothing (S18)."""
    _, invoice, payer = await billed(world)
    token = payer.token or ""
    tampered = {
        "one letter": ("A" if token[0] != "A" else "B") + token[1:],
        "shorter": token[:-1],
        "longer": token + "A",
        "case": token.swapcase(),
        "empty": " ",
        "a row's key": str(key_of(invoice)),
        "its hash": (await Grant.get(kind="PAYMENT_PORTAL")).token_hash or "",
    }[change]
    async with nothing_changes(world):
        answer = await Api(world.http, tampered).run(PAYER)
    assert answer.codes == ["UNAUTHENTICATED"]


async def test_copied_link_opens_a_draft(world: World) -> None:
    """Making a payment link opens a draft, and mails nobody (S12)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00")
    await job.payment_link(invoice["id"])
    found = await job.read("invoices { status sentAt } emails { id }")
    assert found["invoices"][1] == {"status": "OPEN", "sentAt": None}
    assert found["emails"] == []
    refusal = await refused(world, job.api, "createPaymentLink", invoiceId=job.primary_id)
    assert refusal.code == "INVOICE_IS_PRIMARY"


async def test_the_checkout_leads_back_with_its_outcome_and_knows_the_payers_address(world: World) -> None:
    """Whoever paid, or thought better of it, comes back to the portal, which is told which; the email is filled in."""
    job, invoice, payer = await billed(world)
    await payer.mutate("startPayment", "payment { id }", invoiceId=invoice)
    body = await checkout_asked_for(world)
    assert body["success_url"] == f"{world.settings.payment_portal_url}?checkout=success"
    assert body["cancel_url"] == f"{world.settings.payment_portal_url}?checkout=canceled"
    assert body["customer_email"] == job.email("BUYERS_AGENT")
    assert job.email("BUYERS_AGENT") not in str({name: body[name] for name in body if "metadata" in name})


async def test_an_address_that_stripe_does_not_like_keeps_nobody_from_paying(world: World) -> None:
    """The checkout then asks for one itself."""
    _, invoice, payer = await billed(world)
    await Person.all().update(email="stripe does not like this")
    started = await payer.mutate("startPayment", "payment { status } checkoutUrl", invoiceId=invoice)
    assert started.done("payment")["status"] == "REQUIRES_ACTION"
    assert "customer_email" not in await checkout_asked_for(world)


async def checkout_asked_for(world: World) -> Json:
    """The newest request for a checkout, as Stripe received it."""
    asked = await world.servers.stripe.requests()
    params: Json = [entry["params"] for entry in asked if entry["path"] == "/v1/checkout/sessions"][-1]
    return params
