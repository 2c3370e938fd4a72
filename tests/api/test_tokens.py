"""Staff's tokens: what they open, when they end, and what guessing them leads to."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

import jwt
import pytest

import models
from rules import clock
from tests.api.expectations import environment, nothing_changes
from tests.world import PASSWORD, Answer, Api, Json, World

VIEWER = "{ viewer { ... on InspectorViewer { user { email } } } }"
SESSION = "session { accessToken refreshToken expiresAt }"
OWNER = "owner@lakeside.test"


async def signed_in(world: World) -> Json:
    signed = await world.anybody.mutate("signIn", SESSION, email=OWNER, password=PASSWORD)
    session: Json = signed.done("session")
    return session


async def refreshed(world: World, token: str) -> Any:
    return await world.anybody.mutate("refreshSession", SESSION, refreshToken=token)


async def asked_with(world: World, authorization: str) -> Answer:
    response = await world.http.post("/graphql", json={"query": VIEWER}, headers={"Authorization": authorization})
    return Answer(response.status_code, response.json())


async def assert_unauthenticated(world: World, authorization: str) -> None:
    """Refused before anything was read, with one error and no data."""
    async with nothing_changes(world):
        answer = await asked_with(world, authorization)
    assert (answer.status, answer.codes) == (401, ["UNAUTHENTICATED"]), authorization
    assert "data" not in answer.body


def later(monkeypatch: pytest.MonkeyPatch, **delta: float) -> None:
    moment = datetime.now(UTC) + timedelta(**delta)
    monkeypatch.setattr(clock, "now", lambda: moment)


async def test_an_access_token_lasts_a_quarter_of_an_hour(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    session = await signed_in(world)
    later(monkeypatch, minutes=14, seconds=50)
    assert await Api(world.http, session["accessToken"]).read(VIEWER) == {"viewer": {"user": {"email": OWNER}}}
    later(monkeypatch, minutes=15, seconds=1)
    await assert_unauthenticated(world, f"Bearer {session['accessToken']}")


def forgeries(genuine: str, secret: str) -> dict[str, str]:
    """Tokens that look like a genuine one and are not."""
    claims = jwt.decode(genuine, options={"verify_signature": False})
    header, body, signature = genuine.split(".")
    without = {name: {key: value for key, value in claims.items() if key != name} for name in claims}
    return {
        "another key": jwt.encode(claims, "another key that is longer than thirty-two characters"),
        "no signature": jwt.encode(claims, "", algorithm="none"),
        "signature cut off": f"{header}.{body}.",
        "signature changed": f"{header}.{body}.{signature[:-4]}AAAA",
        "body changed": f"{header}.{body[:-4]}AAAA.{signature}",
        "stronger hash": jwt.encode(claims, secret.ljust(64), algorithm="HS512"),
        "without a session": jwt.encode(without["sid"], secret),
        "without an end": jwt.encode(without["exp"], secret),
        "without an audience": jwt.encode(without["aud"], secret),
        "for somebody else": jwt.encode({**claims, "aud": "other"}, secret),
        "of no session": jwt.encode({**claims, "sid": "nonsense"}, secret),
        "of an unknown session": jwt.encode({**claims, "sid": "00000000-0000-7000-8000-000000000000"}, secret),
    }


async def test_forged_access_tokens_open_nothing(world: World) -> None:
    genuine = (await signed_in(world))["accessToken"]
    secret = world.settings.signing_key.get_secret_value()
    for forged in forgeries(genuine, secret).values():
        await assert_unauthenticated(world, f"Bearer {forged}")
    assert (await asked_with(world, f"Bearer {genuine}")).status == 200


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic {}",
        "Token {}",
        "{}",
        "Bearer{}",
        "Bearer {} {}",
        "Bearer .",
        f"Bearer {'a' * 3000}",
    ],
)
async def test_other_ways_to_write_the_header_open_nothing(world: World, header: str) -> None:
    await assert_unauthenticated(world, header.format(world.inspector.token, world.inspector.token))


@pytest.mark.parametrize("header", ["bearer {}", "BEARER {}", "Bearer   {}", "Bearer {} "])
async def test_the_scheme_is_read_as_http_has_it(world: World, header: str) -> None:
    assert (await asked_with(world, header.format(world.inspector.token))).status == 200


async def test_a_refresh_token_is_no_access_token(world: World) -> None:
    await assert_unauthenticated(world, f"Bearer {(await signed_in(world))['refreshToken']}")


async def test_signing_out_ends_the_session_and_no_other(world: World) -> None:
    session = await signed_in(world)
    api = Api(world.http, session["accessToken"])
    assert (await api.mutate("signOut", "signedOut")).done("signedOut") is True
    await assert_unauthenticated(world, f"Bearer {session['accessToken']}")
    assert (await refreshed(world, session["refreshToken"])).codes == ["UNAUTHENTICATED"]
    assert (await world.inspector.run(VIEWER)).status == 200


@pytest.mark.parametrize("generation", [0, 1])
async def test_a_refresh_token_that_is_used_again_later_ends_the_session(
    world: World, monkeypatch: pytest.MonkeyPatch, generation: int
) -> None:
    """Eleven seconds after its first use a refresh token is a stolen one: the whole family ends, and nothing else."""
    first = await signed_in(world)
    second = (await refreshed(world, first["refreshToken"])).done("session")
    third = (await refreshed(world, second["refreshToken"])).done("session")
    assert len({first["refreshToken"], second["refreshToken"], third["refreshToken"]}) == 3
    later(monkeypatch, seconds=11)
    used = (first, second)[generation]
    assert (await refreshed(world, used["refreshToken"])).codes == ["UNAUTHENTICATED"]
    for session in (first, second, third):
        refused = await refreshed(world, session["refreshToken"])
        assert (refused.codes, refused.content["session"]) == (["UNAUTHENTICATED"], None)
        await assert_unauthenticated(world, f"Bearer {session['accessToken']}")
    assert (await world.inspector.run(VIEWER)).status == 200


async def test_two_tabs_that_refresh_at_the_same_moment_both_go_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of several tabs gets tokens of its own, which open, refresh and outlive the others', all of one session."""
    first = await signed_in(world)
    tabs = await asyncio.gather(*(refreshed(world, first["refreshToken"]) for _ in range(4)))
    later(monkeypatch, seconds=9)
    tabs.append(await refreshed(world, first["refreshToken"]))
    sessions = [tab.done("session") for tab in tabs]
    assert len({session["refreshToken"] for session in sessions}) == 5
    for minutes, session in enumerate(sessions, start=1):
        assert (await asked_with(world, f"Bearer {session['accessToken']}")).status == 200
        later(monkeypatch, minutes=minutes)
        fresh = (await refreshed(world, session["refreshToken"])).done("session")
        assert (await asked_with(world, f"Bearer {fresh['accessToken']}")).status == 200
    (await Api(world.http, fresh["accessToken"]).mutate("signOut", "signedOut")).done("signedOut")
    for session in sessions:
        await assert_unauthenticated(world, f"Bearer {session['accessToken']}")


async def test_a_guessed_refresh_token_ends_no_session(world: World) -> None:
    """The session's id is in every access token: knowing it is not enough to end the session."""
    session = await signed_in(world)
    sign_in = session["refreshToken"].partition(".")[0]
    async with nothing_changes(world):
        assert (await refreshed(world, f"{sign_in}.guessed")).codes == ["UNAUTHENTICATED"]
    (await refreshed(world, session["refreshToken"])).done("session")


async def test_signing_in_and_refreshing_ignore_an_expired_token(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes back with an access token that is over gets a new one, as they would without it."""
    session = await signed_in(world)
    later(monkeypatch, minutes=16)
    stale = Api(world.http, session["accessToken"])
    assert (await stale.run(VIEWER)).codes == ["UNAUTHENTICATED"]
    assert await stale.read("{ viewer { __typename } }") == {"viewer": None}
    fresh = (await stale.mutate("refreshSession", SESSION, refreshToken=session["refreshToken"])).done("session")
    again = (await stale.mutate("signIn", SESSION, email=OWNER, password=PASSWORD)).done("session")
    for opened in (fresh, again):
        assert (await asked_with(world, f"Bearer {opened['accessToken']}")).status == 200


MISTYPED: list[Json] = [
    {"exp": 1e300},
    {"exp": float("inf")},
    {"exp": "9999999999"},
    {"exp": []},
    {"exp": True},
    {"sid": 5},
    {"sid": ["x"]},
    {"sid": {}},
    {"sid": ""},
    {"iat": 1e300},
    {"nbf": []},
    {"aud": 5},
    {"aud": {}},
]


@pytest.mark.parametrize("claims", MISTYPED)
async def test_claims_of_another_type_open_nothing(world: World, claims: Json) -> None:
    """Even a token with a genuine signature is refused unless its claims are what we write."""
    genuine = (await signed_in(world))["accessToken"]
    ours = jwt.decode(genuine, options={"verify_signature": False})
    secret = world.settings.signing_key.get_secret_value()
    await assert_unauthenticated(world, f"Bearer {jwt.encode({**ours, **claims}, secret)}")


async def test_a_refresh_token_lasts_thirty_days(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    session = await signed_in(world)
    later(monkeypatch, days=29, hours=23)
    session = (await refreshed(world, session["refreshToken"])).done("session")
    later(monkeypatch, days=60)
    assert (await refreshed(world, session["refreshToken"])).codes == ["UNAUTHENTICATED"]


@pytest.mark.parametrize("token", ["", ".", "nonsense", "00000000-0000-7000-8000-000000000000.x", "é.é", "a" * 5000])
async def test_what_is_no_refresh_token_refreshes_nothing(world: World, token: str) -> None:
    async with nothing_changes(world):
        refused = await refreshed(world, token)
    assert (refused.codes, refused.fields) == (["UNAUTHENTICATED"], [["refreshToken"]])
    assert refused.messages == ["This session has ended; sign in again."]


async def failed_sign_in(api: Api, email: str, password: str) -> tuple[Json, float]:
    started = time.perf_counter()
    payload = await api.mutate("signIn", SESSION, email=email, password=password)
    return payload.content, time.perf_counter() - started


@pytest.mark.usefixtures("real_hashing")
async def test_a_wrong_password_and_an_unknown_email_answer_alike(world: World) -> None:
    wrong = [await failed_sign_in(world.anybody, OWNER, "not the password") for _ in range(4)]
    unknown = [await failed_sign_in(world.anybody, f"nobody{n}@lakeside.test", PASSWORD) for n in range(4)]
    answers = [content for content, _ in (*wrong, *unknown)]
    assert answers == [answers[0]] * 8
    assert answers[0]["session"] is None
    assert answers[0]["userErrors"] == [
        {"code": "UNAUTHENTICATED", "message": "Email or password is wrong.", "field": ["email"]}
    ]
    ratio = median(took for _, took in wrong) / median(took for _, took in unknown)
    assert 1 / 3 < ratio < 3  # Skipping the hash for an unknown account answers ten times as fast.


@pytest.mark.usefixtures("real_hashing")
async def test_a_sign_in_stores_neither_token_nor_password(world: World) -> None:
    before = await environment(world)
    session = await signed_in(world)
    after = await environment(world)
    assert [name for name in before if before[name] != after[name]] == ["refresh_tokens", "sign_ins"]
    rows = [
        repr(dict(row))
        for table in (models.SignIn, models.RefreshToken, models.User)
        for row in await table.all().values()
    ]
    for secret in (PASSWORD, session["accessToken"], session["refreshToken"].partition(".")[2]):
        assert not any(secret in row for row in rows)
    assert all("$argon2id$v=19$m=19456,t=2,p=1$" in str(user.password_hash) for user in await models.User.all())
