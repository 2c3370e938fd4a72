"""Guessing passwords: how often it may fail, by account and by address, and whom that leaves alone."""

import asyncio
import dataclasses
from collections import Counter
from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from arq.connections import ArqRedis
from redis.asyncio import ConnectionPool

from app import throttling
from app.server import create_app
from app.throttling import SIGN_IN_FAILURES
from tests.api.expectations import nothing_changes
from tests.world import PASSWORD, Api, Payload, World

SESSION = "session { accessToken }"
OWNER = "owner@lakeside.test"
AWAY = "redis://127.0.0.1:1/0"

From = Callable[[str], Api]


@pytest.fixture
async def at(world: World) -> AsyncIterator[From]:
    """The same API, called without a token from a given address."""
    clients: dict[str, Api] = {}
    app = create_app(world.settings, held=world.held)

    def api(address: str) -> Api:
        if address not in clients:
            transport = httpx.ASGITransport(app, client=(address, 4000))
            clients[address] = Api(httpx.AsyncClient(transport=transport, base_url="http://api.inspectpay.test"), None)
        return clients[address]

    yield api
    for client in clients.values():
        await client.http.aclose()


@pytest.fixture
async def without_redis(world: World) -> AsyncIterator[Api]:
    """The same API, whose Redis does not answer."""
    pool: ConnectionPool = ConnectionPool.from_url(AWAY, socket_connect_timeout=1)
    app = create_app(world.settings, held=dataclasses.replace(world.held, redis=ArqRedis(pool)))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://api.inspectpay.test") as http:
        yield Api(http, None)
    await pool.aclose()


async def tried(api: Api, email: str = OWNER, password: str = "wrong") -> Payload:
    query = (
        f"mutation($input: SignInInput!) {{ signIn(input: $input) {{ {SESSION}"
        " userErrors { code message field retryAfterSeconds } } }"
    )
    return Payload((await api.run(query, input={"email": email, "password": password})).data["signIn"])


async def codes_of(api: Api, email: str = OWNER, password: str = "wrong") -> list[str]:
    return (await tried(api, email, password)).codes


def test_the_limits_are_those_that_were_agreed_on() -> None:
    """5 failures in 15 minutes for one account from one address, 50 for one account, 50 from one address."""
    agreed = {by: (limit.amount, limit.get_expiry()) for by, limit in SIGN_IN_FAILURES.items()}
    assert agreed == {"account from address": (5, 900), "account": (50, 900), "address": (50, 900)}


@pytest.mark.parametrize("redis", ["there", "away"])
async def test_five_failures_of_one_account_from_one_address(world: World, without_redis: Api, redis: str) -> None:
    """After five wrong passwords, however the address is spelt, the right one too is refused, with how long to wait."""
    api = world.anybody if redis == "there" else without_redis
    for email in (OWNER, OWNER.upper(), f" {OWNER} ", OWNER.title(), OWNER):
        assert await codes_of(api, email) == ["UNAUTHENTICATED"]
    async with nothing_changes(world):
        for email in (OWNER, f"{OWNER} ", OWNER.upper()):
            refused = await tried(api, email, PASSWORD)
            (error,) = refused.content["userErrors"]
            assert (error["code"], refused.content["session"]) == ("RATE_LIMITED", None)
            assert 1 <= error["retryAfterSeconds"] <= 900
            assert error["message"] == f"Too many tries; try again in {error['retryAfterSeconds']} seconds."


async def test_a_stranger_who_guesses_does_not_lock_the_owner_out(at: From) -> None:
    """Five wrong passwords from one address close that address to the account, and no other address."""
    stranger, owner = at("203.0.113.7"), at("198.51.100.1")
    assert [await codes_of(stranger) for _ in range(6)] == [["UNAUTHENTICATED"]] * 5 + [["RATE_LIMITED"]]
    assert await codes_of(owner, password=PASSWORD) == []


async def test_other_accounts_are_not_refused(world: World) -> None:
    """An account's failures from an address leave that address its other accounts."""
    await world.new_company("Hillside Inspections", "owner@hillside.test")
    for _ in range(6):
        await tried(world.anybody)
    assert await codes_of(world.anybody, "owner@hillside.test", PASSWORD) == []


@pytest.mark.parametrize("redis", ["there", "away"])
async def test_signing_in_uses_no_tries_up(
    world: World, without_redis: Api, redis: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who knows the password signs in as often as they like, one after another and all at once."""
    monkeypatch.setattr(throttling, "TURN_SECONDS_MAX", 60)  # A busy machine takes long for a password.
    api = world.anybody if redis == "there" else without_redis
    assert [await codes_of(api) for _ in range(4)] == [["UNAUTHENTICATED"]] * 4
    assert [await codes_of(api, password=PASSWORD) for _ in range(8)] == [[]] * 8
    assert await asyncio.gather(*(codes_of(api, password=PASSWORD) for _ in range(12))) == [[]] * 12
    assert [await codes_of(api) for _ in range(2)] == [["UNAUTHENTICATED"], ["RATE_LIMITED"]]


@pytest.mark.parametrize("redis", ["there", "away"])
async def test_guessing_side_by_side_buys_no_further_tries(world: World, without_redis: Api, redis: str) -> None:
    """Of forty guesses at the same moment five are looked at, and the right one among the rest opens nothing."""
    api = world.anybody if redis == "there" else without_redis
    passwords = [f"wrong {n}" for n in range(40)]
    answers = await asyncio.gather(*(codes_of(api, password=password) for password in passwords))
    assert Counter(code for codes in answers for code in codes) == {"UNAUTHENTICATED": 5, "RATE_LIMITED": 35}
    assert await codes_of(api, password=PASSWORD) == ["RATE_LIMITED"]


async def test_aliases_buy_no_further_tries(world: World) -> None:
    """Nine guesses in one document are nine tries."""
    tries = "".join(
        f't{n}: signIn(input: {{email: "{OWNER}", password: "wrong {n}"}}) {{ userErrors {{ code }} }} '
        for n in range(9)
    )
    answered = await world.anybody.read(f"mutation {{ {tries} }}")
    codes = [payload["userErrors"][0]["code"] for payload in answered.values()]
    assert codes == ["UNAUTHENTICATED"] * 5 + ["RATE_LIMITED"] * 4


async def test_many_accounts_from_one_address_are_noticed(world: World, at: From) -> None:
    """The fifty-first failure from an address is refused, with whatever account, and so are right passwords."""
    stranger = at("203.0.113.7")
    for n in range(50):
        assert await codes_of(stranger, f"somebody{n}@lakeside.test") == ["UNAUTHENTICATED"]
    assert await codes_of(stranger, "somebody51@lakeside.test") == ["RATE_LIMITED"]
    assert await codes_of(stranger, OWNER, PASSWORD) == ["RATE_LIMITED"]
    assert await codes_of(world.anybody, OWNER, PASSWORD) == []


async def test_one_account_from_many_addresses_is_noticed(at: From) -> None:
    """Fifty failures of one account, five from each of ten addresses, close it to an eleventh."""
    for n in range(10):
        assert [await codes_of(at(f"203.0.113.{n}")) for _ in range(5)] == [["UNAUTHENTICATED"]] * 5
    assert await codes_of(at("198.51.100.1"), password=PASSWORD) == ["RATE_LIMITED"]


async def test_the_addresses_of_one_ipv6_network_are_one(at: From) -> None:
    """Whoever has one address of a /64 has them all; IPv4 written as IPv6 is the same address."""
    assert [await codes_of(at(f"2001:db8:0:1::{n}")) for n in range(6)] == [["UNAUTHENTICATED"]] * 5 + [
        ["RATE_LIMITED"]
    ]
    assert await codes_of(at("2001:db8:0:2::1"), password=PASSWORD) == []
    assert [await codes_of(at("203.0.113.7")) for _ in range(5)] == [["UNAUTHENTICATED"]] * 5
    assert await codes_of(at("::ffff:203.0.113.7"), password=PASSWORD) == ["RATE_LIMITED"]


async def test_a_fault_is_no_failure(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the database is away nobody uses their tries up."""

    async def away(*_: object) -> bool:
        raise ConnectionError("the database is away")

    with monkeypatch.context() as patched:
        patched.setattr("operations.identity.sign_in.password_matches", away)
        for _ in range(6):
            given = {"email": OWNER, "password": PASSWORD}
            query = "mutation($input: SignInInput!) { signIn(input: $input) { userErrors { code } } }"
            assert (await world.anybody.run(query, input=given)).codes == ["INTERNAL"]
    assert await codes_of(world.anybody, password=PASSWORD) == []


async def test_tries_come_back_when_the_time_is_over(world: World) -> None:
    """Each count ends by itself a quarter of an hour after the first failure, and names nobody."""
    for _ in range(6):
        await tried(world.anybody)
    keys = [key.decode() for key in await world.held.redis.keys("limits:*sign-in*")]
    failures = [key for key in keys if "pending" not in key]
    assert len(failures) == 3
    for key in keys:
        assert OWNER not in key
        assert 0 < await world.held.redis.ttl(key) <= (900 if key in failures else 60)
    await world.held.redis.delete(*failures)
    assert await codes_of(world.anybody, password=PASSWORD) == []


@pytest.mark.parametrize("email", ["a" * 100_000, f"{'a' * 250}@lakeside.test", "", "@", "\u0130" * 300])
async def test_an_address_that_nobody_can_have_is_a_wrong_one(world: World, email: str) -> None:
    """However long what is typed for an address, the answer is that of a wrong one, and counts as such."""
    async with nothing_changes(world):
        refused = await tried(world.anybody, email, PASSWORD)
    assert (refused.codes, refused.messages) == (["UNAUTHENTICATED"], ["Email or password is wrong."])
