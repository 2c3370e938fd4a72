"""Which company the demo has, and its inspections: one for each state that a frontend has to show."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from app.resources import Resources
from models import (
    AutomationLink,
    AutomationTrigger,
    Company,
    Inspection,
    InspectionPerson,
    Invoice,
    LineItemKind,
    UserRole,
)
from operations.identity import companies, grants
from operations.messages import automations
from rules.roles import PersonRole
from rules.states import InvoiceKind, InvoiceStatus
from sandbox import visitor
from sandbox.demo.seed import OWNER_EMAIL, Guest, Item, Job, Seed, signed_in_owner

COMPANY = "Lakeside Home Inspections"
PASSWORD = "inspect-and-pay"

AGENT, SELLER_SIDE, ADDITIONAL = PersonRole.BUYERS_AGENT, PersonRole.LISTING_AGENT, PersonRole.ADDITIONAL
INSPECTION: Item = (LineItemKind.SERVICE, "Home inspection", "350.00")
RADON: Item = (LineItemKind.ADD_ON, "Radon test", "100.00")
SEWER: Item = (LineItemKind.ADD_ON, "Sewer scope", "175.00")
RETURNING: Item = (LineItemKind.DISCOUNT, "Returning client", "-25.00")
PICKUP: Item = (LineItemKind.FEE, "Key pickup", "20.00")

SETTINGS = companies.UpdateCompany(
    additional_roles=("Attorney", "Transaction coordinator"),
    advanced_automations_enabled=True,
    report_lock_enabled=True,
)
AUTOMATION = automations.SaveAutomation(
    name="Report to the attorney",
    trigger=AutomationTrigger.REPORT_PUBLISHED,
    recipients=["Attorney"],
    subject="The report on {{property_address}}",
    message="Hello {{recipient_name}},\n\nthis opens the client portal, where the report is.",
    link=AutomationLink.CLIENT_PORTAL,
)


@dataclass(frozen=True, slots=True)
class Links:
    """What the demo hands out to try the two portals."""

    payment: str | None
    client: str | None


async def seed_when_empty(held: Resources, say: Callable[[str], None]) -> None:
    """Make the company with its staff and inspections, unless there is a company already."""
    if await Company.exists():
        return
    say("Making a company with inspections in different states ...")
    owner = companies.NewUser(name="Olivia Lake", email=OWNER_EMAIL, password=PASSWORD)
    await companies.create_company(
        companies.CreateCompany(name=COMPANY, currency="USD", time_zone="America/Chicago", owner=owner)
    )
    by = await signed_in_owner()
    assert by is not None, "just founded"
    inspector = companies.NewUser(name="Ivan Brook", email="inspector@example.com", password=PASSWORD)
    await companies.create_user(by, companies.CreateUser(inspector, UserRole.INSPECTOR))
    await companies.update_company(by, SETTINGS)
    seed = Seed(held, by)
    await seed.connect_stripe()
    await seed.automate(AUTOMATION)
    for make in STATES:
        await make(seed)


async def links(held: Resources) -> Links:
    """Fresh links to an invoice that can be paid and to a portal of the demo's; None where there is none any more."""
    by, portals = await signed_in_owner(), held.settings.portals
    if by is None:
        return Links(None, None)
    invoice = await Invoice.filter(
        company_id=by.company_id, kind=InvoiceKind.SEPARATE, status=InvoiceStatus.OPEN, remaining_minor__gt=0
    ).first()
    payment = await grants.create_payment_link(by, invoice.id, portals=portals) if invoice else None
    inspection = await Inspection.filter(company_id=by.company_id, remaining_minor__gt=0).order_by("-number").first()
    client = (
        await grants.share_client_portal(
            by, grants.ShareClientPortal(inspection.id, person_id=await _client_of(inspection)), portals=portals
        )
        if inspection
        else None
    )
    return Links(payment.url if payment else None, client.url if client else None)


async def _client_of(inspection: Inspection) -> UUID:
    client = await InspectionPerson.filter(inspection_id=inspection.id, role=PersonRole.CLIENT, removed_at=None).first()
    assert client is not None, "an inspection always has a client"
    return client.person_id


def _guest(name: str, role: PersonRole, role_name: str | None = None) -> Guest:
    return name, f"{name.lower().replace(' ', '.')}@example.com", role, role_name


async def _untouched(seed: Seed) -> Job:
    guests = [_guest("Clara Moss", PersonRole.CLIENT), _guest("Arthur Bell", AGENT), _guest("Lena Ortiz", SELLER_SIDE)]
    return await seed.job("12 Lakeshore Drive, Evanston", days=3, items=[INSPECTION, RADON], guests=guests)


async def _draft(seed: Seed) -> None:
    guests = [_guest("Cyrus Hale", PersonRole.CLIENT), _guest("Anna Frost", AGENT)]
    job = await seed.job("48 Birch Street, Oak Park", days=2, items=[INSPECTION, SEWER], guests=guests)
    await seed.bill(job, AGENT, amount="125.00", send=False)


async def _sent(seed: Seed) -> None:
    guests = [_guest("Cora Wells", PersonRole.CLIENT), _guest("Luis Vega", SELLER_SIDE)]
    job = await seed.job("7 Orchard Lane, Wilmette", days=1, items=[INSPECTION, RADON, SEWER], guests=guests)
    await seed.bill(job, SELLER_SIDE, services=("Sewer scope",), send=True)


async def _partly_paid(seed: Seed) -> None:
    guests = [_guest("Conrad Pike", PersonRole.CLIENT), _guest("Alice Stone", AGENT)]
    job = await seed.job("230 Maple Avenue, Skokie", days=-1, items=[INSPECTION, RADON, RETURNING], guests=guests)
    await seed.pay_primary(job, amount="200.00")


async def _processing(seed: Seed) -> None:
    guests = [_guest("Celia Marsh", PersonRole.CLIENT), _guest("Theo Grant", ADDITIONAL, "Attorney")]
    job = await seed.job("91 Prairie Road, Naperville", days=-2, items=[INSPECTION, SEWER], guests=guests)
    invoice_id = await seed.bill(job, ADDITIONAL, amount="200.00", send=True)
    await seed.pay_share(invoice_id, bank="succeeds")  # Until somebody settles the debit at the simulator.


async def _paid_by_two(seed: Seed) -> None:
    guests = [_guest("Chloe Winter", PersonRole.CLIENT), _guest("Adam Reed", AGENT)]
    job = await seed.job("5 Harbor Court, Lake Forest", days=-4, items=[INSPECTION, RADON], guests=guests)
    invoice_id = await seed.bill(job, AGENT, amount="125.00", send=True)
    await seed.pay_share(invoice_id, card=visitor.DECLINED_CARD)
    await seed.pay_share(invoice_id)
    await seed.pay_primary(job)


async def _overpaid(seed: Seed) -> None:
    guests = [_guest("Colin Frey", PersonRole.CLIENT)]
    job = await seed.job("16 Summit Place, Glenview", days=-6, items=[INSPECTION, RADON], guests=guests)
    await seed.take_cash(job, "450.00")
    await seed.drop_item(job, "Radon test")


async def _locked(seed: Seed) -> None:
    """Signed, then charged more, so a second version waits; the report waits for the money."""
    guests = [_guest("Nina Hart", PersonRole.CLIENT), _guest("Vera Lind", ADDITIONAL, "Attorney")]
    job = await seed.job("64 Elm Terrace, Winnetka", days=-3, items=[INSPECTION], guests=guests)
    await seed.sign(job, "Nina Hart")
    await seed.add_item(job, PICKUP)
    await seed.share_portal(job, "ruth.hart@example.com")
    await seed.notify(job, ADDITIONAL, "The closing is on Friday", "Please be on time.")
    await seed.publish_report(job, "https://reports.example.com/64-elm-terrace.pdf")


async def _ended(seed: Seed) -> None:
    """Three shares of one agent's: withdrawn, closed short and written off."""
    guests = [_guest("Dora Quinn", PersonRole.CLIENT), _guest("Ada Cole", AGENT)]
    job = await seed.job("11 Mill Pond Road, Barrington", days=-5, items=[INSPECTION, RADON], guests=guests)
    await seed.void(await seed.bill(job, AGENT, amount="150.00", send=False))
    short = await seed.bill(job, AGENT, amount="125.00", send=True)
    await seed.pay_share(short, amount="100.00")
    await seed.close_short(short)
    await seed.write_off(await seed.bill(job, AGENT, amount="50.00", send=True))


async def _partly_refunded(seed: Seed) -> None:
    guests = [_guest("Ellen Roy", PersonRole.CLIENT)]
    job = await seed.job("77 Vine Street, Deerfield", days=-9, items=[INSPECTION, RADON], guests=guests)
    await seed.refund(await seed.pay_primary(job), amount="50.00")


async def _refunded(seed: Seed) -> None:
    guests = [_guest("Frank Otis", PersonRole.CLIENT)]
    job = await seed.job("3 Quarry Lane, Lemont", days=-11, items=[INSPECTION], guests=guests)
    await seed.refund(await seed.pay_primary(job))


async def _disputed(seed: Seed) -> None:
    guests = [_guest("Gail Tran", PersonRole.CLIENT)]
    job = await seed.job("29 Fox Hollow, Palatine", days=-12, items=[INSPECTION], guests=guests)
    await seed.silence(job)  # While a dispute goes on, nothing is written automatically.
    await seed.pay_primary(job, card=visitor.DISPUTED_CARD)


async def _uncharged(seed: Seed) -> None:
    guests = [_guest("Hugo Brandt", PersonRole.CLIENT)]
    await seed.job("8 Willow Bend, Mundelein", days=5, items=[], guests=guests)


async def _canceled(seed: Seed) -> None:
    guests = [_guest("Carmen Diaz", PersonRole.CLIENT), _guest("Albert Lund", AGENT)]
    job = await seed.job("302 Cedar Street, Highland Park", days=-8, items=[INSPECTION], guests=guests)
    await seed.cancel(job)


STATES: tuple[Callable[[Seed], Awaitable[object]], ...] = (
    _uncharged,
    _disputed,
    _refunded,
    _partly_refunded,
    _canceled,
    _overpaid,
    _ended,
    _paid_by_two,
    _locked,
    _processing,
    _partly_paid,
    _sent,
    _draft,
    _untouched,
)
"""In the order in which they are numbered; README's walk starts at the last one."""
