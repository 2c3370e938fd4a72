"""Sharing the client portal: by a client, listed and revocable, and in no other way."""

from datetime import timedelta

import pytest

from graphql_server.access import Public
from models import Grant
from rules import clock
from rules.access import Scope
from schema.root import build_api
from tests.api.expectations import Refused, forbidden, nothing_changes, refused
from tests.world import World

GRANT = "grant { id kind personName issuedBy revokedAt expiresAt } url"
GRANTS = "{ viewer { ... on ClientViewer { inspection { grants { id kind personName issuedBy revokedAt } } } } }"
VIEWER = "{ viewer { __typename ... on ClientViewer { inspection { id total { formatted } } } } }"


async def test_client_shares_the_portal_with_anybody(world: World) -> None:
    """A client can share the portal with somebody in the box or with any address (S25)."""
    job = await world.inspection()
    client = await job.client_portal()
    agent = job.created["people"][1]["person"]["id"]
    for to, name in (({"personId": agent}, "Adam Agent"), ({"email": "mum@people.test"}, "mum@people.test")):
        shared = await client.mutate("shareClientPortal", GRANT, inspectionId=job.id, **to)
        grant = shared.done("grant")
        assert (grant["kind"], grant["personName"], grant["issuedBy"]) == ("CLIENT_PORTAL", name, "CLIENT_SHARE")
        guest = world.bearer(shared.content["url"])
        assert (await guest.read(VIEWER))["viewer"]["inspection"]["id"] == job.id
    assert shared.content["url"].startswith(f"{world.settings.client_portal_url}#")
    assert await world.count(Grant) == [3]


async def test_client_lists_and_revokes_what_they_shared(world: World) -> None:
    """A client lists the links they shared, and revokes them (S25)."""
    job = await world.inspection()
    client = await job.client_portal()
    shared = await client.mutate("shareClientPortal", GRANT, inspectionId=job.id, email="mum@people.test")
    guest, grant = world.bearer(shared.content["url"]), shared.done("grant")
    listed = (await client.read(GRANTS))["viewer"]["inspection"]["grants"]
    assert [(one["personName"], one["issuedBy"]) for one in listed] == [
        ("Clara Client", "INSPECTOR"),
        ("mum@people.test", "CLIENT_SHARE"),
    ]
    revoked = await client.mutate("revokeGrant", GRANT.removesuffix(" url"), grantId=grant["id"])
    assert revoked.done("grant")["revokedAt"]
    async with nothing_changes(world):
        assert (await guest.run(VIEWER)).codes == ["UNAUTHENTICATED"]
        again = await client.mutate("revokeGrant", "grant { revokedAt }", grantId=grant["id"])
    assert again.done("grant")["revokedAt"] == revoked.content["grant"]["revokedAt"]
    await client.read(VIEWER)


async def test_client_keeps_the_link_they_came_with(world: World) -> None:
    """A client cannot revoke the link they came with (S25)."""
    job = await world.inspection()
    client = await job.client_portal()
    (own,) = (await client.read(GRANTS))["viewer"]["inspection"]["grants"]
    assert await refused(world, client, "revokeGrant", grantId=own["id"]) == Refused(
        "INVALID_INPUT", "Only links that were shared from the portal can be ended here.", "grantId"
    )


async def test_client_neither_sees_nor_ends_payment_links(world: World) -> None:
    """A client neither sees nor revokes payment links (S25, S18)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00")
    await job.payment_link(invoice["id"])
    client = await job.client_portal()
    listed = (await client.read(GRANTS))["viewer"]["inspection"]["grants"]
    assert [grant["kind"] for grant in listed] == ["CLIENT_PORTAL"]
    payment = next(
        grant["id"] for grant in (await job.read("grants { id kind }"))["grants"] if grant["kind"] != "CLIENT_PORTAL"
    )
    assert (await refused(world, client, "revokeGrant", grantId=payment)).code == "NOT_FOUND"


async def test_client_shares_nobody_elses_inspection(world: World) -> None:
    """A client can share no other inspection, and with nobody who is not of theirs by id (S25, S26)."""
    job, other = await world.inspection(), await world.inspection()
    client = await job.client_portal()
    refusal = await refused(world, client, "shareClientPortal", inspectionId=other.id, email="mum@people.test")
    assert (refusal.code, refusal.field) == ("NOT_FOUND", "inspectionId")
    stranger = other.created["people"][1]["person"]["id"]
    refusal = await refused(world, client, "shareClientPortal", inspectionId=job.id, personId=stranger)
    assert (refusal.code, refusal.field) == ("NOT_FOUND", "personId")


async def test_portal_link_lasts_sixty_days(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client link lasts for 60 days (S25)."""
    job = await world.inspection()
    client = await job.client_portal()
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(days=60, minutes=-1))
    assert (await client.run(VIEWER)).codes == []
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(days=60, seconds=1))
    assert (await client.run(VIEWER)).codes == ["UNAUTHENTICATED"]


async def test_payer_does_not_share_anything(world: World) -> None:
    """A payer, even after paying, can share nothing (S26, S23)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00")
    payer = await job.payment_link(invoice["id"])
    await job.paid(payer, invoice["id"])
    share = "mutation($input: ShareClientPortalInput!) { shareClientPortal(input: $input) { url } }"
    await forbidden(world, payer, share, input={"inspectionId": job.id, "email": "adam@people.test"})


async def test_staff_make_portal_links_for_clients_alone(world: World) -> None:
    """Staff make client links for clients only (S26)."""
    job = await world.inspection()
    agent, client = job.created["people"][1]["person"], job.created["people"][0]["person"]
    words = "Staff make portal links for the inspection's clients only; a client may share theirs with anybody."
    for to, field in (
        ({"personId": agent["id"]}, "personId"),
        ({"email": agent["email"]}, "email"),
        ({"email": "mum@people.test"}, "email"),
    ):
        assert await refused(world, job.api, "shareClientPortal", inspectionId=job.id, **to) == Refused(
            "INVALID_INPUT", words, field
        )
    for to in ({"personId": client["id"]}, {"email": client["email"].upper()}):
        made = await job.api.mutate("shareClientPortal", GRANT, inspectionId=job.id, **to)
        assert made.done("grant")["issuedBy"] == "INSPECTOR"


async def test_nothing_in_an_invoice_life_opens_the_client_portal(world: World) -> None:
    """Nothing that happens to an invoice makes a client link (S26, S23, S17)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00", send=True)
    await world.deliver_mails()
    await job.api.mutate("sendInvoice", invoiceId=invoice["id"])
    await world.deliver_mails()
    await job.paid(await job.payment_link(invoice["id"]), invoice["id"])
    await world.deliver_mails()
    assert await Grant.filter(kind="CLIENT_PORTAL").count() == 0
    for mail in await world.mails():
        assert world.settings.client_portal_url not in mail["text"] + mail["html"]
        for word in mail["text"].split():
            if "#" in word:
                seen = await world.bearer(word).read("{ viewer { __typename } }")
                assert seen["viewer"]["__typename"] == "PayerViewer"


def test_payer_may_call_no_mutation_but_paying() -> None:
    """Of all mutations, a payer may call those that start and cancel a payment (S26)."""
    mutations = {name: readers for name, readers in build_api().matrix.items() if name.startswith("Mutation.")}
    for_payers = {name for name, readers in mutations.items() if isinstance(readers, Public) or Scope.PAYER in readers}
    signing_in = {
        f"Mutation.{name}"
        for name in ("signIn", "refreshSession", "acceptInvitation", "requestPasswordReset", "resetPassword")
    }
    assert for_payers - signing_in == {"Mutation.startPayment", "Mutation.cancelPayment"}


async def test_whoever_leaves_the_people_box_loses_a_link_made_for_their_address(world: World) -> None:
    """Whoever leaves the People box loses also the link that was made for their address (S26)."""
    job = await world.inspection(people=(("Clara Client", "CLIENT"), ("Carl Client", "CLIENT")))
    carl = job.created["people"][1]
    email = carl["person"]["email"]
    shared = await world.inspector.mutate("shareClientPortal", "url", inspectionId=job.id, email=email)
    portal = world.bearer(shared.done("url"))
    assert await portal.read("{ viewer { ... on ClientViewer { inspection { id } } } }")
    removed = await world.inspector.mutate("removeInspectionPerson", inspectionPersonId=carl["id"])
    removed.done("userErrors")
    assert (await portal.run("{ viewer { ... on ClientViewer { inspection { id } } } }")).codes == ["UNAUTHENTICATED"]
