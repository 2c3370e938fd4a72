"""A world in which every field of the API has a value: one inspection with everything, seen by every scope."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import models
from app.resources import Resources
from app.settings import Settings
from rules import clock
from rules.access import Scope
from tests.sandbox_servers import Servers
from tests.world import Api, Job, World, key_of

A_DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
BRANDING = {
    "color": "#AA3311",
    "postalAddress": "12 Shore Road\nLakeside",
    "phone": "+1 555 0100",
    "email": "office@lakeside.test",
    "taxId": "12-3456789",
    "logo": A_DOT,
}
BOX = (("Clara Client", "CLIENT"), ("Adam Agent", "BUYERS_AGENT"), ("Lisa Lister", "LISTING_AGENT"))


@dataclass(frozen=True, slots=True)
class RichWorld:
    """The world, its one rich inspection, and the API as each scope sees it."""

    world: World
    job: Job
    canceled: Job
    invoice_id: str
    voided_id: str
    apis: dict[Scope | None, Api]
    ids: dict[str, str]


@asynccontextmanager
async def rich_world(servers: Servers, settings: Settings, held: Resources) -> AsyncIterator[RichWorld]:
    """A company with one inspection that everything has happened to, and one that was called off."""
    async with World.begun(servers, settings, held) as world:
        await world.inspector.mutate("updateCompany", additionalRoles=["Attorney"])
        yield await rich_inspection(world, world.inspector)


async def rich_inspection(world: World, api: Api) -> RichWorld:
    """An inspection of the company whose staff `api` is; all that can happen to one has happened to it."""
    job = await world.inspection("350.00", "100.00", people=BOX, agreementBody="We inspect what can be seen.", api=api)
    built_in = (await api.read("{ automations { id } }"))["automations"][0]
    await api.mutate("saveAutomation", automationId=built_in["id"], enabled=False)  # From now on it has a row.
    radon = {"name": f"Radon test {job.id}", "description": "Two days of measuring.", "amount": "150.00"}
    (await api.mutate("createService", "service { id }", **radon)).done("service")
    (await api.mutate("updateBranding", "company { id }", **BRANDING)).done("company")
    client = await job.client_portal()
    invoice_id, payer = await paid_share(job)
    await _people_and_primary(job)
    await _agreement_and_links(job, client)
    await _unhappy_rows(job, invoice_id)
    return RichWorld(
        world,
        job,
        await _canceled(world, api),
        invoice_id,
        await voided(job),
        {None: world.anybody, Scope.INSPECTOR: api, Scope.CLIENT: client, Scope.PAYER: payer},
        await _ids(job, invoice_id),
    )


async def paid_share(job: Job) -> tuple[str, Api]:
    """The agent's $125: mailed, declined and given up once, then paid, and $25 given back. Its key, and its payer."""
    invoice = await job.invoice("125.00", send=True)
    await job.world.deliver_mails()
    payer = await job.payment_link(invoice["id"])
    declined = await payer.mutate("startPayment", "payment { id } checkoutUrl", invoiceId=invoice["id"])
    await job.world.pay(declined.done("checkoutUrl"), card="4000000000000002")
    await job.world.poll()
    (await payer.mutate("cancelPayment", paymentId=declined.content["payment"]["id"])).done("userErrors")
    payment = await job.paid(payer, invoice["id"])
    given = {"paymentId": payment["id"], "amount": "25.00", "reason": "They asked."}
    (await job.api.mutate("refundPayment", "refund { id }", **given)).done("refund")
    return str(invoice["id"]), payer


async def voided(job: Job) -> str:
    """An invoice of the listing agent that was sent and withdrawn; its key."""
    invoice = await job.invoice("40.00", inspectionPersonId=job.entry("LISTING_AGENT"), send=True)
    (await job.api.mutate("voidInvoice", "invoice { id }", invoiceId=invoice["id"])).done("invoice")
    return str(invoice["id"])


async def _canceled(world: World, api: Api) -> Job:
    job = await world.inspection(api=api)
    (await api.mutate("cancelInspection", "inspection { id }", inspectionId=job.id)).done("inspection")
    return job


async def _people_and_primary(job: Job) -> None:
    for entry in job.created["people"]:
        await job.api.mutate("updatePerson", personId=entry["person"]["id"], phone="+1 312 555 0100")
    given = {"invoiceId": job.primary_id, "amount": "20.00", "method": "CHECK", "reference": "Check 1001"}
    (await job.api.mutate("recordPayment", "payment { id }", **given)).done("payment")
    await job.invoice("30.00", inspectionPersonId=job.entry("LISTING_AGENT"))


async def _agreement_and_links(job: Job, client: Api) -> None:
    agreement = (await job.read("agreements { id }"))["agreements"][0]["id"]
    (await client.mutate("signAgreement", "agreement { id }", agreementId=agreement, name="Clara")).done("agreement")
    shared = await client.mutate("shareClientPortal", "grant { id }", inspectionId=job.id, email="mum@people.test")
    (await client.mutate("revokeGrant", "grant { id }", grantId=shared.done("grant")["id"])).done("grant")


async def _unhappy_rows(job: Job, invoice_id: str) -> None:
    """What takes days, or somebody else's server, to come about."""
    await models.Email.filter(invoice_id=key_of(invoice_id)).update(last_error="451 try again later")
    await models.Refund.all().update(failure_message="expired_or_canceled_card")
    await models.Inspection.filter(id=key_of(job.id)).update(
        report_url="https://reports.test/1", report_published_at=clock.now()
    )


async def _ids(job: Job, invoice_id: str) -> dict[str, str]:
    """An existing row for each name that an id has among the inputs."""
    found = await job.read("agreements { id } grants { id } payments { id refunds { id } } emails { id }")
    entry = job.created["people"][0]
    return {
        "inspectionId": job.id,
        "invoiceId": invoice_id,
        "inspectionPersonId": entry["id"],
        "personId": entry["person"]["id"],
        "lineItemId": job.items[0],
        "lineItemIds": job.items[0],
        "agreementId": found["agreements"][0]["id"],
        "grantId": found["grants"][0]["id"],
        "paymentId": next(payment["id"] for payment in found["payments"] if payment["refunds"]),
    }
