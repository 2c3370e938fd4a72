"""Whoever was let into a client portal: what they read and pay, and what stays the client's own."""

from datetime import timedelta
from importlib import import_module

import pytest
from tortoise import connections

from models import Grant, Inspection
from operations.audit_log import record
from operations.identity.grants import principal_of_link
from rules import clock
from rules.links import digest, new_token
from tests.api.expectations import Refused, nothing_changes, refused
from tests.world import Api, Job, World, key_of

_migration = import_module("models.migrations.0006_shared_links")

BOX = (
    ("Clara Client", "CLIENT"),
    ("Carl Client", "CLIENT"),
    ("Adam Agent", "BUYERS_AGENT"),
    ("Lisa Lister", "LISTING_AGENT"),
)
FORBIDDEN = Refused("FORBIDDEN", "This link lets you read and pay; the rest is for the inspection's client.", None)
OPENS = "{ viewer { ... on ClientViewer { inspection { id } } } }"
GRANTS = "{ viewer { ... on ClientViewer { inspection { grants { id personName } } } } }"


async def shared(job: Job, client: Api, **to: str) -> Api:
    """The API as somebody with whom the client shares the portal sees it."""
    to = to or {"email": "mum@people.test"}
    made = await client.mutate("shareClientPortal", "url", inspectionId=job.id, **to)
    return job.world.bearer(made.done("url"))


async def viewer(api: Api, selection: str) -> object:
    return (await api.read(f"{{ viewer {{ ... on ClientViewer {{ {selection} }} }} }}"))["viewer"]


async def agreement_of(job: Job) -> str:
    return str((await job.read("agreements { id }"))["agreements"][0]["id"])


async def test_a_guest_reads_and_pays(world: World) -> None:
    """Whom the client shares the portal with sees the report, agreement, amounts and payers, and pays (S69, S25)."""
    job = await world.inspection(agreementBody="We inspect.")
    (await job.api.mutate("publishReport", inspectionId=job.id, url="https://reports.example/1")).done("userErrors")
    await job.invoice("125.00")
    guest = await shared(job, await job.client_portal())
    await job.paid(guest, job.primary_id, "25.00")
    seen = await viewer(
        guest,
        "person { name } inspection { report { url } agreements { body } remaining { formatted }"
        " invoices { billedToName total { formatted } payments { payerName } } primaryInvoice { documentUrl } }",
    )
    assert isinstance(seen, dict)
    assert seen["person"] is None
    assert (await viewer(guest, "guest"), await viewer(await job.client_portal(), "guest")) == (
        {"guest": True},
        {"guest": False},
    )
    assert seen["inspection"]["report"] == {"url": "https://reports.example/1"}
    assert [invoice["billedToName"] for invoice in seen["inspection"]["invoices"]] == ["Clara Client", "Adam Agent"]
    assert seen["inspection"]["remaining"] == {"formatted": "$425.00"}
    assert (await world.http.get(seen["inspection"]["primaryInvoice"]["documentUrl"])).status_code == 200


async def test_a_guest_does_not_act_for_the_client(world: World) -> None:
    """Who holds a shared link neither signs, nor shares, nor ends a link, their own included (S69)."""
    job = await world.inspection(people=BOX, agreementBody="We inspect.")
    client = await job.client_portal()
    guest = await shared(job, client)
    given = {"inspectionId": job.id, "email": "friend@people.test"}
    assert await refused(world, guest, "signAgreement", agreementId=await agreement_of(job), name="Clara") == FORBIDDEN
    assert await refused(world, guest, "shareClientPortal", **given) == FORBIDDEN
    person = {"inspectionId": job.id, "personId": job.created["people"][0]["person"]["id"]}
    assert await refused(world, guest, "shareClientPortal", **person) == FORBIDDEN
    for grant in (await job.read("grants { id }"))["grants"]:
        assert await refused(world, guest, "revokeGrant", grantId=grant["id"]) == FORBIDDEN
    (await client.mutate("signAgreement", agreementId=await agreement_of(job), name="Clara")).done("userErrors")


@pytest.mark.parametrize("to", ["nobody in the box", "an address in the box", "another client", "an agent"])
async def test_a_guest_is_told_of_nobody_else_in_the_people_box(world: World, to: str) -> None:
    """Whichever way a guest asks, they see themselves in the People box if they are in it, and nobody else (S69)."""
    job = await world.inspection(people=BOX)
    carl, adam = (job.created["people"][n]["person"] for n in (1, 2))
    themselves, given = {
        "nobody in the box": ([], {"email": "mum@people.test"}),
        "an address in the box": ([], {"email": adam["email"]}),
        "another client": (["Carl Client"], {"personId": carl["id"]}),
        "an agent": (["Adam Agent"], {"personId": adam["id"]}),
    }[to]
    await job.invoice("125.00", inspectionPersonId=job.entry("LISTING_AGENT"))
    client = await job.client_portal()
    await shared(job, client, email="uncle@people.test")
    guest = await shared(job, client, **given)
    seen = await viewer(guest, "person { name } inspection { people { person { name } role } grants { personName } }")
    assert isinstance(seen, dict)
    assert [entry["person"]["name"] for entry in seen["inspection"]["people"]] == themselves
    assert seen["person"] == ({"name": themselves[0]} if themselves else None)
    assert seen["inspection"]["grants"] == [{"personName": themselves[0] if themselves else given["email"]}]
    lister = job.entry("LISTING_AGENT")
    for one in (lister, job.created["people"][3]["person"]["id"], *(g["id"] for g in await grants_of(job, guest))):
        answer = await guest.run("query($id: ID!) { node(id: $id) { id } }", id=one)
        assert (answer.codes, answer.body["data"]) == (["NOT_FOUND"], {"node": None})
    billed = await guest.run("{ viewer { ... on ClientViewer { inspection { invoices { billedTo { role } } } } } }")
    assert set(billed.codes) == {"FORBIDDEN"}
    assert billed.body["data"] == {"viewer": None}


async def grants_of(job: Job, guest: Api) -> list[dict[str, str]]:
    """The links of an inspection that are not the guest's."""
    own = str((await principal_of_link(guest.token or "")).grant_id)
    found = (await job.read("grants { id }"))["grants"]
    return [grant for grant in found if own != str(key_of(grant["id"]))]


async def test_sharing_does_not_tell_whose_address_it_is(world: World) -> None:
    """Sharing with an address answers alike whether it is anybody's in the People box or not (S69)."""
    job = await world.inspection(people=BOX)
    client = await job.client_portal()
    answers = []
    for email in (job.email(), job.email().upper(), job.email("CLIENT"), "nobody@people.test"):
        made = await client.mutate(
            "shareClientPortal", "grant { kind personName issuedBy } url", inspectionId=job.id, email=email
        )
        grant = made.done("grant")
        local, _, domain = email.rpartition("@")
        assert grant.pop("personName") == f"{local}@{domain.lower()}"
        guest = world.bearer(made.content["url"])
        answers.append((grant, await viewer(guest, "person { id } inspection { people { id } }")))
    assert answers == [answers[0]] * 4
    assert await Grant.filter(issued_by="CLIENT_SHARE", person_id=None).count() == 4


async def test_what_was_shared_ends_with_the_link_it_came_from(world: World) -> None:
    """When staff revoke a client's link, those that the client shared end with it, and other clients' stay (S69)."""
    job = await world.inspection(people=BOX)
    clara = await job.client_portal()
    carls = job.created["people"][1]["person"]["id"]
    made = await job.api.mutate("shareClientPortal", "url", inspectionId=job.id, personId=carls)
    carl = world.bearer(made.done("url"))
    hers, his = await shared(job, clara), await shared(job, carl)
    own = next(grant["id"] for grant in (await job.read("grants { id personName }"))["grants"])
    (await job.api.mutate("revokeGrant", "grant { revokedAt }", grantId=own)).done("grant")
    for ended in (clara, hers):
        assert (await ended.run(OPENS)).codes == ["UNAUTHENTICATED"]
    for alive in (carl, his):
        await alive.read(OPENS)
    listed = (await job.read("grants { personName revokedAt }"))["grants"]
    assert [grant["personName"] for grant in listed if grant["revokedAt"]] == ["Clara Client", "mum@people.test"]


async def test_what_was_shared_ends_when_the_sharer_leaves_the_people_box(world: World) -> None:
    """Whoever leaves the People box takes along those whom they let in (S69, S26)."""
    job = await world.inspection(people=BOX)
    carl = job.created["people"][1]
    made = await job.api.mutate("shareClientPortal", "url", inspectionId=job.id, personId=carl["person"]["id"])
    guest = await shared(job, world.bearer(made.done("url")))
    await guest.read(OPENS)
    (await job.api.mutate("removeInspectionPerson", inspectionPersonId=carl["id"])).done("userErrors")
    assert (await guest.run(OPENS)).codes == ["UNAUTHENTICATED"]


async def test_what_was_shared_does_not_outlive_the_link_it_came_from(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link shared on the client's last day ends with the client's, and the API says so (S69)."""
    job = await world.inspection()
    client = await job.client_portal()
    start = clock.now()
    monkeypatch.setattr(clock, "now", lambda: start + timedelta(days=59))
    guest = await shared(job, client)
    own, its = await Grant.all().order_by("id")
    assert (its.parent_id, its.expires_at) == (own.id, own.expires_at)
    await guest.read(OPENS)
    monkeypatch.setattr(clock, "now", lambda: start + timedelta(days=60, seconds=1))
    assert (await guest.run(OPENS)).codes == ["UNAUTHENTICATED"]


@pytest.mark.parametrize("ended", ["revoked_at", "expires_at"])
async def test_a_shared_link_is_no_better_than_its_own_whoever_ended_that(world: World, ended: str) -> None:
    """However a client's link was ended, also in one row alone, what was shared from it opens nothing (S69)."""
    job = await world.inspection()
    guest = await shared(job, await job.client_portal())
    async with nothing_changes(world):
        await guest.read(OPENS)
    await Grant.filter(parent_id=None).update(**{ended: clock.now()})
    assert (await guest.run(OPENS)).codes == ["UNAUTHENTICATED"]


async def test_a_third_party_whom_an_automation_lets_in_is_a_guest(world: World) -> None:
    """An agent who is mailed the portal reads it, and does not sign in the client's stead (S24, S69)."""
    job = await world.inspection(people=BOX, agreementBody="We inspect.")
    for role, expected in (("BUYERS_AGENT", True), ("CLIENT", False)):
        person = next(p["person"] for p in job.created["people"] if p["role"] == role)
        made = await job.api.mutate(
            "shareClientPortal", "url", inspectionId=job.id, personId=job.created["people"][0]["person"]["id"]
        )
        link = world.bearer(made.done("url"))
        newest = await Grant.all().order_by("-id").first()
        assert newest is not None
        await Grant.filter(id=newest.id).update(issued_by="AUTOMATION", person_id=key_of(person["id"]))
        principal = await principal_of_link(link.token or "")
        assert (principal.scope, principal.guest) == ("CLIENT", expected)
        await link.read(OPENS)
        signed = await link.mutate("signAgreement", agreementId=await agreement_of(job), name="Somebody")
        assert signed.codes == (["FORBIDDEN"] if expected else [])


async def test_links_from_before_are_brought_into_line(world: World) -> None:
    """The migration finds out what was shared from what, and ends what holders of shared links had shared (S69)."""
    job = await world.inspection()
    guest = await shared(job, await job.client_portal())
    own, hers = await Grant.all().order_by("id")
    token = new_token()
    friends = await Grant.create(
        company_id=own.company_id,
        inspection_id=own.inspection_id,
        kind=own.kind,
        issued_by="CLIENT_SHARE",
        token_hash=digest(token),
        expires_at=own.expires_at + timedelta(days=9),
    )
    friend = Api(world.http, token)
    await record(await Inspection.get(), "link.created", friends.id, by=await principal_of_link(guest.token or ""))
    await Grant.all().update(parent_id=None)
    await friend.read(OPENS)
    for statement in (_migration.FIND_PARENTS, _migration.END_WHAT_SHARED_LINKS_SHARED):
        await connections.get("default").execute_query(statement)
    own, hers, friends = await Grant.all().order_by("id")
    assert [grant.parent_id for grant in (own, hers, friends)] == [None, own.id, hers.id]
    assert friends.expires_at == hers.expires_at == own.expires_at
    await guest.read(OPENS)
    assert (await friend.run(OPENS)).codes == ["UNAUTHENTICATED"]
