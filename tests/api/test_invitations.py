"""Invitations and forgotten passwords: links that are mailed to staff, each good once."""

import asyncio
import re
import time
from datetime import timedelta

import pytest

import models
from rules import clock
from tests.world import PASSWORD, Api, Payload, World

ADDRESS = "nina@lakeside.test"
OWNER = "owner@lakeside.test"
NEW_PASSWORD = "another good password"
SESSION = "session { accessToken }"


async def invite(world: World, email: str = ADDRESS, **given: str) -> Payload:
    return await world.inspector.mutate(
        "inviteUser", "user { id name email role }", name="Nina New", email=email, **given
    )


async def mailed_tokens(world: World, recipient: str, name: str = "invitation") -> list[str]:
    """The tokens in the links that were mailed to somebody."""
    await world.deliver_mails()
    texts = [mail["text"] for mail in await world.mails(recipient)]
    return [found for text in texts for found in re.findall(rf"#{name}=(\S+)", text)]


async def accept(world: World, token: str, password: str = PASSWORD) -> Payload:
    return await world.anybody.mutate("acceptInvitation", SESSION, token=token, password=password)


async def reset(world: World, token: str, password: str = NEW_PASSWORD) -> Payload:
    return await world.anybody.mutate("resetPassword", SESSION, token=token, password=password)


async def signs_in(world: World, email: str, password: str) -> bool:
    payload = await world.anybody.mutate("signIn", SESSION, email=email, password=password)
    return payload.content["session"] is not None


async def test_invited_person_chooses_a_password_by_the_mailed_link(world: World) -> None:
    """One mail to the one person invited; its link makes them staff, in the role that the owner chose (S62)."""
    invited = (await invite(world, role="OWNER")).done("user")
    assert (invited["name"], invited["email"], invited["role"]) == ("Nina New", ADDRESS, "OWNER")
    assert not await signs_in(world, ADDRESS, PASSWORD)
    (token,) = await mailed_tokens(world, ADDRESS)
    (mail,) = await world.mails(ADDRESS)
    assert (mail["to"], mail["cc"], mail["bcc"]) == ([ADDRESS], [], [])
    assert f"{world.settings.portals.staff_url}#invitation={token}" in mail["html"]
    session = (await accept(world, token)).done("session")
    assert (await Api(world.http, session["accessToken"]).run("{ automations { id } }")).status == 200
    assert await signs_in(world, ADDRESS, PASSWORD)


async def test_invitation_is_good_once_and_for_a_day(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Used, replaced, old and invented links answer alike, and nothing changes (S62)."""
    (await invite(world)).done("user")
    (first,) = await mailed_tokens(world, ADDRESS)
    (await invite(world)).done("user")
    (second,) = {*await mailed_tokens(world, ADDRESS)} - {first}
    assert (await accept(world, second, "short")).fields == [["password"]]
    with monkeypatch.context() as later:
        tomorrow = clock.now() + timedelta(hours=24)
        later.setattr(clock, "now", lambda: tomorrow)
        old = await accept(world, second)
    (await accept(world, second)).done("session")
    answers = [old, *[await accept(world, token, NEW_PASSWORD) for token in (first, second, "x" * 43, "")]]
    assert {tuple(answer.messages) for answer in answers} == {("This link has ended; ask for another one.",)}
    assert await signs_in(world, ADDRESS, PASSWORD)


async def test_a_link_used_twice_at_once_is_good_once(world: World) -> None:
    """However concurrently, one choice of a password holds (S62)."""
    (await invite(world)).done("user")
    (token,) = await mailed_tokens(world, ADDRESS)
    tries = await asyncio.gather(*(accept(world, token, f"{PASSWORD} {n}") for n in range(3)))
    assert sorted(answer.codes for answer in tries) == [[], ["UNAUTHENTICATED"], ["UNAUTHENTICATED"]]


async def test_only_owners_invite_and_nobody_who_is_staff_already(world: World) -> None:
    """An inspector invites nobody; whoever works here, or elsewhere, is not invited (S62)."""
    await world.inspector.mutate("createUser", name="Ivan", email=ADDRESS, password=PASSWORD)
    inspector = await world.signed_in(ADDRESS)
    refused = await inspector.mutate("inviteUser", name="Nina", email="nina.new@lakeside.test")
    assert refused.codes == ["OWNER_REQUIRED"]
    assert ((known := await invite(world)).codes, known.fields) == (["ALREADY_EXISTS"], [["email"]])
    assert await models.Email.all().count() == 0


async def test_deactivated_before_they_came_nobody_comes_in(world: World) -> None:
    """An invitation ends with the access it would give (S62, S64)."""
    user = (await invite(world)).done("user")
    (token,) = await mailed_tokens(world, ADDRESS)
    (await world.inspector.mutate("deactivateUser", userId=user["id"])).done("userErrors")
    assert (await accept(world, token)).codes == ["UNAUTHENTICATED"]


async def test_forgotten_password_is_reset_by_mail(world: World) -> None:
    """The link chooses a new password, once, and ends every session before (S63)."""
    asked = await world.anybody.mutate("requestPasswordReset", "requested", email=f" {OWNER.upper()} ")
    assert asked.done("requested") is True
    (token,) = await mailed_tokens(world, OWNER, "reset")
    assert (await accept(world, token)).codes == ["UNAUTHENTICATED"]
    (await reset(world, token)).done("session")
    assert (await world.inspector.run("{ automations { id } }")).status == 401
    assert not await signs_in(world, OWNER, PASSWORD)
    assert await signs_in(world, OWNER, NEW_PASSWORD)
    assert (await reset(world, token)).codes == ["UNAUTHENTICATED"]


async def test_asking_for_a_reset_tells_nobody_who_is_known(world: World) -> None:
    """A known and an unknown address get the same answer after the same time; three mails an hour at most (S63)."""
    (await invite(world, "invited@lakeside.test")).done("user")
    answers, seconds = [], []
    for email in (OWNER, "nobody@lakeside.test", "invited@lakeside.test", OWNER, OWNER, OWNER):
        began = time.monotonic()
        answers.append((await world.anybody.mutate("requestPasswordReset", "requested", email=email)).content)
        seconds.append(time.monotonic() - began)
    assert all(answer == answers[0] for answer in answers)
    assert min(seconds) >= 0.3
    assert len(await mailed_tokens(world, OWNER, "reset")) == 1, (
        "what a later one replaced before it was sent is not sent"
    )
    assert await models.StaffLink.filter(kind="PASSWORD_RESET").count() == 3


async def test_second_factor_outlives_a_reset(world: World) -> None:
    """Whoever reads the mails of somebody with a second factor does not become them (S63, S66)."""
    await models.User.filter(email=OWNER).update(second_factor_at=clock.now(), second_factor_secret="encrypted")
    await world.anybody.mutate("requestPasswordReset", "requested", email=OWNER)
    (token,) = await mailed_tokens(world, OWNER, "reset")
    assert (await reset(world, token)).done("session") is None
    assert not await signs_in(world, OWNER, NEW_PASSWORD)


async def test_no_token_is_stored(world: World) -> None:
    """What is stored of a link opens nothing (S62)."""
    (await invite(world)).done("user")
    (token,) = await mailed_tokens(world, ADDRESS)
    email = await models.Email.get(to_address=ADDRESS)
    link = await models.StaffLink.get(user__email=ADDRESS)
    assert token not in f"{email.text} {email.html} {link.token_hash}"
