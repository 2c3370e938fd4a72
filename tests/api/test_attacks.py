"""Ways around the rules of access, each of which leads nowhere."""

from typing import Any

import pytest

from rules.access import Scope
from tests.api.expectations import forbidden, nothing_changes, refused
from tests.api.mutation_inputs import plausible_input
from tests.api.rich_world import rich_inspection
from tests.world import PASSWORD, Api, World

SESSION = "session { accessToken }"


async def colleague(world: World, *, password: str = PASSWORD) -> Api:
    """A staff member who is not the owner."""
    given = {"name": "Ira Inspector", "email": "ira@lakeside.test", "password": password}
    (await world.inspector.mutate("createUser", "user { id }", **given)).done("user")
    return await world.signed_in("ira@lakeside.test", password)


@pytest.mark.parametrize(
    ("mutation", "given"),
    [
        ("updateCompany", {"name": "Mine Now"}),
        ("updateCompany", {"additionalRoles": ["Attorney"]}),
        ("connectStripe", {}),
        ("disconnectStripe", {}),
        ("refreshStripeConnection", {}),
        ("createUser", {"name": "Eve", "email": "eve@lakeside.test", "password": PASSWORD, "role": "OWNER"}),
    ],
)
async def test_only_the_owner_changes_the_company(world: World, mutation: str, given: dict[str, Any]) -> None:
    """Of the staff only the owner changes the company, its Stripe account and its users (S4)."""
    refusal = await refused(world, await colleague(world), mutation, **given)
    assert (refusal.code, refusal.message) == ("OWNER_REQUIRED", "Only the company's owner may do this.")


async def test_a_password_is_compared_to_its_end(world: World) -> None:
    password = "p" * 200
    await colleague(world, password=password)
    for wrong in (f"{password}p", f"{password}!", password[:-1]):
        tried = await world.anybody.mutate("signIn", SESSION, email="ira@lakeside.test", password=wrong)
        assert tried.codes == ["UNAUTHENTICATED"]


async def test_whoever_leaves_the_people_box_leaves_the_client_portal(world: World) -> None:
    """Whoever leaves the People box loses the client portal, and others keep it (S26)."""
    job = await world.inspection(people=(("Clara Client", "CLIENT"), ("Carl Client", "CLIENT")))
    stays, leaves = job.created["people"]
    shared = [
        await job.api.mutate("shareClientPortal", "url", inspectionId=job.id, personId=entry["person"]["id"])
        for entry in (stays, leaves)
    ]
    clara, carl = (world.bearer(link.done("url")) for link in shared)
    assert (await carl.run("{ viewer { ... on ClientViewer { inspection { id } } } }")).status == 200
    removed = await job.api.mutate("removeInspectionPerson", "inspection { id }", inspectionPersonId=leaves["id"])
    removed.done("inspection")
    async with nothing_changes(world):
        assert (await carl.run("{ viewer { ... on ClientViewer { inspection { id } } } }")).codes == ["UNAUTHENTICATED"]
    assert (await clara.run("{ viewer { ... on ClientViewer { inspection { id } } } }")).status == 200


DETOURS = {
    "a fragment on another member of the union": "{ viewer { ... on InspectorViewer { user { email } } } }",
    "a fragment on another node": 'query { node(id: "x") { ... on Email { subject } } }',
    "a named fragment": "fragment F on Person { email } { viewer { ... on ClientViewer { person { ...F } } } }",
    "an alias": "{ viewer { ... on ClientViewer { inspection { id: events { name: id } } } } }",
    "a false condition": "query($no: Boolean = false) { emails @include(if: $no) { totalCount } }",
    "an operation that is not run": "query A { viewer { __typename } } query B { people { totalCount } }",
    "a payload": 'mutation { revokeGrant(input: { grantId: "x" }) { grant { id } } signOut(input: {}) { signedOut } }',
}


@pytest.mark.parametrize("detour", DETOURS)
async def test_no_detour_leads_a_client_to_what_is_not_theirs(world: World, detour: str) -> None:
    """Neither fragments, aliases nor other detours lead a client to what is not theirs (S18, S21)."""
    client = await (await world.inspection()).client_portal()
    name = {"operation_name": "A"} if "not run" in detour else {}
    async with nothing_changes(world):
        body = {"query": DETOURS[detour], "operationName": name.get("operation_name")}
        response = await world.http.post("/graphql", json=body, headers={"Authorization": f"Bearer {client.token}"})
    codes = {error["extensions"]["code"] for error in response.json()["errors"]}
    assert (response.status_code, codes) == (400, {"FORBIDDEN"})
    assert "data" not in response.json()


async def test_one_forbidden_mutation_keeps_its_neighbours_from_running(world: World) -> None:
    """One forbidden mutation in a document keeps all others in it from running (S23)."""
    rich = await rich_inspection(world, world.inspector)
    document = """
        mutation($share: ShareClientPortalInput!, $void: VoidInvoiceInput!) {
            shareClientPortal(input: $share) { url } voidInvoice(input: $void) { invoice { id } }
        }
    """
    given = {"share": {"inspectionId": rich.job.id, "email": "eve@people.test"}}
    given["void"] = plausible_input(rich, "voidInvoice")
    refusals = await forbidden(world, rich.apis[Scope.CLIENT], document, **given)
    assert sorted(refusal.partition(" ")[0] for refusal in refusals) == [
        "InvoicePayload.invoice",
        "Mutation.voidInvoice",
    ]


async def test_an_idempotency_key_of_somebody_elses_tells_nothing(world: World) -> None:
    """Guessing somebody else's idempotency key tells nothing of what they did with it (S18)."""
    job = await world.inspection(people=(("Clara", "CLIENT"), ("Adam", "BUYERS_AGENT"), ("Lisa", "LISTING_AGENT")))
    adams = await job.invoice("100.00")
    lisas = await job.invoice("100.00", inspectionPersonId=job.entry("LISTING_AGENT"))
    adam, lisa = await job.payment_link(adams["id"]), await job.payment_link(lisas["id"])
    key = {"idempotencyKey": "the same"}
    first = await adam.mutate("startPayment", "payment { id } checkoutUrl", invoiceId=adams["id"], **key)
    guessed = await lisa.mutate("startPayment", "payment { id } checkoutUrl", invoiceId=adams["id"], **key)
    assert guessed.codes == ["NOT_FOUND"]
    own = await lisa.mutate("startPayment", "payment { id } checkoutUrl", invoiceId=lisas["id"], **key)
    assert own.done("payment")["id"] != first.done("payment")["id"]
    assert own.content["checkoutUrl"] != first.content["checkoutUrl"]


@pytest.mark.parametrize("value", ["\u212a", "\u0130", "\u00df", "\uff41", "a\u200b"])
async def test_letters_that_look_alike_are_nobodys_address(world: World, value: str) -> None:
    """The sign-in counts what it looks up: another spelling is another account, or the same one."""
    refusal = await refused(world, world.inspector, "createPerson", name="Eve", email=f"{value}@people.test")
    assert (refusal.code, refusal.field) == ("INVALID_EMAIL", "email")
    signed = await world.anybody.mutate("signIn", SESSION, email=f"{value}wner@lakeside.test", password=PASSWORD)
    assert signed.codes == ["UNAUTHENTICATED"]
