"""Staff: roles, the end of an access, passwords and sessions."""

import asyncio

import models
from rules.identifiers import global_id, parse_global_id
from tests.world import PASSWORD, Api, World

ADDRESS = "ivan@lakeside.test"
NEW_PASSWORD = "another good password"


async def inspector(world: World, email: str = ADDRESS, role: str = "INSPECTOR") -> str:
    """A new staff member's id."""
    created = await world.inspector.mutate(
        "createUser", "user { id }", name="Ivan Shore", email=email, password=PASSWORD, role=role
    )
    return str(created.done("user")["id"])


async def sign_in(world: World, email: str = ADDRESS, password: str = PASSWORD) -> tuple[Api, str]:
    """A session's access to the API, and its refresh token."""
    payload = await world.anybody.mutate(
        "signIn", "session { accessToken refreshToken }", email=email, password=password
    )
    session = payload.done("session")
    return Api(world.http, session["accessToken"]), session["refreshToken"]


async def is_signed_in(api: Api) -> bool:
    return (await api.run("{ automations { id } }")).status == 200


async def test_deactivation_ends_every_session_at_once(world: World) -> None:
    """Whoever is deactivated is refused from the next request on, in every session, and can't come back (S64)."""
    user_id = await inspector(world)
    sessions = [await sign_in(world) for _ in range(2)]
    (await world.inspector.mutate("deactivateUser", "user { id }", userId=user_id)).done("user")
    for api, refresh_token in sessions:
        assert not await is_signed_in(api)
        refreshed = await world.anybody.mutate("refreshSession", "session { accessToken }", refreshToken=refresh_token)
        assert refreshed.codes == ["UNAUTHENTICATED"]
    again = await world.anybody.mutate("signIn", "session { accessToken }", email=ADDRESS, password=PASSWORD)
    wrong = await world.anybody.mutate("signIn", "session { accessToken }", email=ADDRESS, password="not the password")
    assert (again.codes, again.messages) == (wrong.codes, wrong.messages)


async def test_reactivated_staff_sign_in_as_before(world: World) -> None:
    """An owner gives the access back; what was ended stays ended (S64)."""
    user_id = await inspector(world)
    before, _ = await sign_in(world)
    for name in ("deactivateUser", "deactivateUser", "reactivateUser", "reactivateUser"):
        (await world.inspector.mutate(name, "user { id }", userId=user_id)).done("user")
    assert not await is_signed_in(before)
    after, _ = await sign_in(world)
    assert await is_signed_in(after)
    names = await models.Event.filter(subject_id=user_id_of(user_id)).order_by("id").values_list("name", flat=True)
    assert list(map(str, names)) == ["user.deactivated", "user.reactivated"]


async def test_last_active_owner_stays(world: World) -> None:
    """The last active owner can be neither deactivated nor made an inspector (S64)."""
    own = (await world.inspector.read("{ viewer { ... on InspectorViewer { user { id } } } }"))["viewer"]["user"]["id"]
    refused = await world.inspector.mutate("deactivateUser", userId=own)
    assert refused.messages == ["The company needs another active owner first."]
    assert (refused.codes, refused.fields) == (["LAST_OWNER"], [["userId"]])
    refused = await world.inspector.mutate("updateUser", userId=own, role="INSPECTOR")
    assert (refused.codes, refused.fields) == (["LAST_OWNER"], [["role"]])
    other = await inspector(world, role="OWNER")
    (await world.inspector.mutate("updateUser", "user { role }", userId=own, role="INSPECTOR")).done("user")
    assert (await world.inspector.mutate("deactivateUser", userId=other)).codes == ["OWNER_REQUIRED"]


async def test_two_owners_who_deactivate_each_other_leave_one(world: World) -> None:
    """However concurrently owners are deactivated, one stays (S64)."""
    own = (await world.inspector.read("{ viewer { ... on InspectorViewer { user { id } } } }"))["viewer"]["user"]["id"]
    other_id = await inspector(world, role="OWNER")
    other, _ = await sign_in(world)
    query = "mutation($id: ID!) { deactivateUser(input: { userId: $id }) { userErrors { code } } }"
    await asyncio.gather(world.inspector.run(query, id=other_id), other.run(query, id=own))
    assert await models.User.filter(role=models.UserRole.OWNER, deactivated_at=None).count() == 1


async def test_only_owners_change_staff_and_only_their_own(world: World) -> None:
    """An inspector changes nobody, and no owner reaches another company's staff (S64)."""
    user_id = await inspector(world)
    api, _ = await sign_in(world)
    _, stranger = await world.new_company("Elsewhere Inspections", "owner@elsewhere.test")
    for name, given in (("updateUser", {"role": "OWNER"}), ("deactivateUser", {}), ("reactivateUser", {})):
        assert (await api.mutate(name, userId=user_id, **given)).codes == ["OWNER_REQUIRED"]
        assert (await stranger.mutate(name, userId=user_id, **given)).codes == ["NOT_FOUND"]
    assert await models.User.filter(id=user_id_of(user_id), role="INSPECTOR", deactivated_at=None).exists()


async def test_changed_password_ends_the_other_sessions(world: World) -> None:
    """Whoever changes their password stays signed in here, and nowhere else (S63)."""
    await inspector(world)
    here, _ = await sign_in(world)
    there, _ = await sign_in(world)
    changed = await here.mutate("changePassword", "user { name }", currentPassword=PASSWORD, newPassword=NEW_PASSWORD)
    assert changed.done("user") == {"name": "Ivan Shore"}
    assert await is_signed_in(here)
    assert not await is_signed_in(there)
    assert (await world.anybody.mutate("signIn", email=ADDRESS, password=PASSWORD)).codes == ["UNAUTHENTICATED"]
    await sign_in(world, password=NEW_PASSWORD)


async def test_password_is_changed_by_who_knows_it_and_wrong_tries_are_limited(world: World) -> None:
    """A stolen access token does not become a password, nor a way to guess it (S63)."""
    await inspector(world)
    api, _ = await sign_in(world)
    for _ in range(5):
        wrong = await api.mutate("changePassword", currentPassword="not the password", newPassword=NEW_PASSWORD)
        assert (wrong.codes, wrong.fields) == (["WRONG_PASSWORD"], [["currentPassword"]])
    right = await api.mutate("changePassword", currentPassword=PASSWORD, newPassword=NEW_PASSWORD)
    assert right.codes == ["RATE_LIMITED"]
    await sign_in(world)


async def test_new_password_has_its_length(world: World) -> None:
    """The field at fault is named, and the old password stays (S63)."""
    short = await world.inspector.mutate("changePassword", currentPassword=PASSWORD, newPassword="short")
    assert short.messages == ["newPassword must have 10 to 200 characters."]
    await sign_in(world, email="owner@lakeside.test")


async def test_sessions_are_ended_one_by_one_by_their_owner_alone(world: World) -> None:
    """Everybody ends any session of theirs, and nobody else's (S65)."""
    await inspector(world)
    here, _ = await sign_in(world)
    there, _ = await sign_in(world)
    first, second = await models.SignIn.filter(user__email=ADDRESS).order_by("id")
    session_id = global_id("Session", second.id)
    assert (await world.inspector.mutate("endSession", sessionId=session_id)).codes == ["NOT_FOUND"]
    ended = await here.mutate("endSession", "endedSessionId", sessionId=session_id)
    assert ended.done("endedSessionId") == session_id
    assert await is_signed_in(here)
    assert not await is_signed_in(there)
    assert first.revoked_at is None


def user_id_of(node_id: str) -> str:
    """The key in a user's global id."""
    return str(parse_global_id(node_id)[1])


async def test_everybody_sees_their_own_sessions_and_nobody_elses(world: World) -> None:
    """Each by its browser, the one that asks marked, and ended ones left out (S65)."""
    await inspector(world)
    here, _ = await sign_in(world)
    there, _ = await sign_in(world)
    ended = await world.signed_in(ADDRESS)
    (await ended.mutate("signOut", "signedOut")).done("signedOut")
    query = "{ viewer { ... on InspectorViewer { company { users { email sessions { id current userAgent } } } } } }"
    for api in (here, there):
        users = (await api.read(query))["viewer"]["company"]["users"]
        shown = {user["email"]: user["sessions"] for user in users}
        assert shown["owner@lakeside.test"] == []
        assert sorted(session["current"] for session in shown[ADDRESS]) == [False, True]
        assert all(session["userAgent"].startswith("python-httpx") for session in shown[ADDRESS])


async def test_company_shows_who_is_active(world: World) -> None:
    """Who was deactivated stays listed, and is told apart (S64)."""
    user_id = await inspector(world)
    payload = await world.inspector.mutate("deactivateUser", "user { active secondFactor }", userId=user_id)
    assert payload.done("user") == {"active": False, "secondFactor": False}
