"""Second factors: setting one up, signing in with it, losing it, and demanding it of everybody."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

import pyotp
import pytest

import models
from rules import clock
from rules.identifiers import global_id
from tests.world import PASSWORD, Api, Payload, World

ADDRESS = "ivan@lakeside.test"
OWNER = "owner@lakeside.test"
SIGNED_IN = "session { accessToken } secondFactorSetup { secret uri } recoveryCodes"


@dataclass(slots=True)
class StandingClock:
    """Stands where `rules.clock` reads the time, in the middle of a half minute: no code ends while a test runs."""

    time: datetime

    def now(self, zone: tzinfo) -> datetime:
        return self.time.astimezone(zone)


@pytest.fixture(autouse=True)
def standing(monkeypatch: pytest.MonkeyPatch) -> StandingClock:
    now = clock.now().replace(microsecond=0)
    standing = StandingClock(now - timedelta(seconds=now.second % 30 - 15))
    monkeypatch.setattr(clock, "datetime", standing)
    return standing


async def new_inspector(world: World) -> str:
    created = await world.inspector.mutate("createUser", "user { id }", name="Ivan", email=ADDRESS, password=PASSWORD)
    return str(created.done("user")["id"])


async def sign_in(world: World, code: str | None = None, email: str = ADDRESS) -> Payload:
    return await world.anybody.mutate("signIn", SIGNED_IN, email=email, password=PASSWORD, code=code)


def code_of(secret: str, steps_on: int = 0) -> str:
    app = pyotp.TOTP(secret)
    return app.generate_otp(app.timecode(clock.now()) + steps_on)


async def enrol(api: Api) -> tuple[str, list[str]]:
    """The secret and the recovery codes of somebody who turned their second factor on."""
    begun = await api.mutate("enableSecondFactor", "secondFactorSetup { secret uri }", password=PASSWORD)
    secret = begun.done("secondFactorSetup")["secret"]
    confirmed = await api.mutate("confirmSecondFactor", "recoveryCodes user { id }", code=code_of(secret))
    return secret, confirmed.done("recoveryCodes")


async def test_signing_in_takes_the_code_of_the_app_once(world: World) -> None:
    """With a second factor on, a password alone begins nothing, and a code is good once (S66)."""
    await new_inspector(world)
    secret, _ = await enrol(await world.signed_in(ADDRESS))
    assert (await sign_in(world)).codes == ["SECOND_FACTOR_REQUIRED"]
    used = await sign_in(world, code_of(secret))
    assert (used.codes, used.fields) == (["WRONG_CODE"], [["code"]])
    assert (await sign_in(world, code_of(secret, 1))).done("session")["accessToken"]
    assert (await sign_in(world, code_of(secret, 1))).codes == ["WRONG_CODE"]


async def test_one_code_used_twice_at_once_begins_one_session(world: World) -> None:
    """However concurrently a code is used, it is good once (S66)."""
    await new_inspector(world)
    secret, recovery = await enrol(await world.signed_in(ADDRESS))
    for code in (code_of(secret, 1), recovery[0]):
        tries = await asyncio.gather(*(sign_in(world, code) for _ in range(3)))
        assert sorted(one.codes for one in tries) == [[], ["WRONG_CODE"], ["WRONG_CODE"]]
        await world.held.redis.flushdb()  # Failures are limited, which is tried below.


async def test_recovery_codes_replace_the_app_each_once(world: World) -> None:
    """Ten codes are told once, and are stored as hashes (S66)."""
    await new_inspector(world)
    _, codes = await enrol(await world.signed_in(ADDRESS))
    assert len(set(codes)) == 10
    assert not await models.RecoveryCode.filter(code_hash__in=codes).exists()
    typed = f" {codes[0][:4]}-{codes[0][4:].upper()} "
    assert (await sign_in(world, typed)).done("session")
    assert (await sign_in(world, codes[0])).codes == ["WRONG_CODE"]
    assert (await sign_in(world, codes[1])).done("session")


async def test_wrong_codes_are_limited_like_wrong_passwords(world: World) -> None:
    """Whoever knows a password cannot try all codes (S66)."""
    await new_inspector(world)
    secret, _ = await enrol(await world.signed_in(ADDRESS))
    answers = [await sign_in(world, "000000" if code_of(secret, 1) != "000000" else "111111") for _ in range(5)]
    assert [one.codes for one in answers] == [["WRONG_CODE"]] * 5
    assert (await sign_in(world, code_of(secret, 1))).codes == ["RATE_LIMITED"]


async def test_asking_for_the_code_is_no_failure(world: World) -> None:
    """Frontends that sign in with the password first do not use up the tries (S66)."""
    await new_inspector(world)
    secret, _ = await enrol(await world.signed_in(ADDRESS))
    for _ in range(7):
        assert (await sign_in(world)).codes == ["SECOND_FACTOR_REQUIRED"]
    assert (await sign_in(world, code_of(secret, 1))).done("session")


async def test_secret_is_stored_encrypted_and_begun_with_the_password(world: World) -> None:
    """A stolen session sets nothing up, and a stolen table shows no secret (S66)."""
    api = world.inspector
    wrong = await api.mutate("enableSecondFactor", password="not the password")
    assert (wrong.codes, wrong.fields) == (["WRONG_PASSWORD"], [["password"]])
    secret, _ = await enrol(api)
    stored = (await models.User.get(email=OWNER)).second_factor_secret
    assert stored is not None
    assert secret not in stored
    assert (await api.mutate("enableSecondFactor", password=PASSWORD)).codes == ["ALREADY_EXISTS"]


async def test_turning_it_off_takes_a_code(world: World) -> None:
    """Only whoever has the app or a recovery code turns their own off (S66)."""
    api = world.inspector
    _, codes = await enrol(api)
    assert (await api.mutate("disableSecondFactor", code="000000")).codes == ["WRONG_CODE"]
    assert (await api.mutate("disableSecondFactor")).codes == ["INVALID_INPUT"]
    (await api.mutate("disableSecondFactor", "user { id }", code=codes[0])).done("user")
    assert (await sign_in(world, email=OWNER)).done("session")
    assert await models.RecoveryCode.all().count() == 0


async def test_owner_turns_off_what_somebody_lost(world: World) -> None:
    """An owner helps who lost the telephone; their sessions end, and nobody else can do it (S66)."""
    user_id = await new_inspector(world)
    api = await world.signed_in(ADDRESS)
    await enrol(api)
    own = global_id("User", (await models.User.get(email=OWNER)).id)
    assert (await api.mutate("disableSecondFactor", userId=own)).codes == ["OWNER_REQUIRED"]
    (await world.inspector.mutate("disableSecondFactor", "user { id }", userId=user_id)).done("user")
    assert (await api.run("{ automations { id } }")).status == 401
    assert (await sign_in(world)).done("session")


async def demand(world: World) -> dict[str, Any]:
    """The company demands a second factor of all; its owner has one."""
    await enrol(world.inspector)
    changed = await world.inspector.mutate(
        "updateCompany", "company { secondFactorRequired }", secondFactorRequired=True
    )
    return dict(changed.done("company"))


async def test_company_may_demand_it_of_all_staff(world: World) -> None:
    """Sessions without one end, and the next sign-in sets one up before it begins a session (S66)."""
    await new_inspector(world)
    before = await world.signed_in(ADDRESS)
    assert await demand(world) == {"secondFactorRequired": True}
    assert (await before.run("{ automations { id } }")).status == 401
    begun = await sign_in(world)
    assert (begun.codes, begun.content["session"]) == (["SECOND_FACTOR_SETUP_REQUIRED"], None)
    setup = begun.content["secondFactorSetup"]
    assert setup["uri"].startswith("otpauth://totp/Lakeside%20Inspections:ivan%40lakeside.test?secret=")
    assert (await sign_in(world, "000000")).codes == ["WRONG_CODE"]
    signed = await sign_in(world, code_of(setup["secret"]))
    assert signed.done("session")["accessToken"]
    assert len(signed.content["recoveryCodes"]) == 10
    assert (await sign_in(world)).codes == ["SECOND_FACTOR_REQUIRED"]


async def test_owner_who_demands_it_has_one(world: World) -> None:
    """A wrong click locks nobody out (S66)."""
    refused = await world.inspector.mutate("updateCompany", secondFactorRequired=True)
    assert (refused.codes, refused.fields) == (["SECOND_FACTOR_REQUIRED"], [["secondFactorRequired"]])


async def test_code_of_the_next_half_minute_and_of_the_one_before_are_taken(
    world: World, standing: StandingClock
) -> None:
    """Clocks differ by a little, and what is older is refused (S66)."""
    await new_inspector(world)
    secret, _ = await enrol(await world.signed_in(ADDRESS))
    standing.time += timedelta(minutes=2)
    assert (await sign_in(world, code_of(secret, -2))).codes == ["WRONG_CODE"]
    assert (await sign_in(world, code_of(secret, -1))).done("session")
    assert (await sign_in(world, code_of(secret, 2))).codes == ["WRONG_CODE"]
    assert (await sign_in(world, code_of(secret, 1))).done("session")
