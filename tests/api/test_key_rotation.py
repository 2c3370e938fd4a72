"""Rotating the keys that sign, without signing anybody out."""

import httpx
from pydantic import SecretStr

from app.server import create_app
from tests.world import Api, World

NEW = "a newer key for tests that is longer than thirty-two characters"
READ = "{ automations { id } }"


async def answer(world: World, keys: str) -> list[str]:
    """The codes with which an API that has these keys answers whoever signed in before."""
    update = {"signing_keys": SecretStr(keys), "signing_key": SecretStr(keys.split(",")[0])}
    app = create_app(world.settings.model_copy(update=update), held=world.held)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api.inspectpay.test") as http:
        return (await Api(http, world.inspector.token).run(READ)).codes


async def test_an_older_key_keeps_people_signed_in_until_it_is_taken_out(world: World) -> None:
    """Tokens of a key that is still listed are good; of one that is not, they are nobody's."""
    old = world.settings.signing_key.get_secret_value()
    assert await answer(world, f"{NEW},{old}") == []
    assert await answer(world, NEW) == ["UNAUTHENTICATED"]
    assert await answer(world, old) == []
