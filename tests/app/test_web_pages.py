"""The pages that people see: what is served where, kept how long, and what a page may load."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware

from app.server import create_app
from app.web_pages import BUILT, web_routes
from graphql_server.http.security import SecurityMiddleware
from tests.world import World

SCRIPT = "assets/pay-CuDW6JV7.js"


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """As the build leaves it: pages, and files with their hash in the name and compressed copies."""
    (tmp_path / "assets").mkdir()
    for name in ("pay.html", "portal.html", "app.html", "graphiql.html"):
        (tmp_path / name).write_text(f"<!doctype html><title>{name}</title>")
    (tmp_path / SCRIPT).write_text("console.log('plain')")
    (tmp_path / f"{SCRIPT}.br").write_bytes(b"brotli")
    (tmp_path / f"{SCRIPT}.gz").write_bytes(b"gzip")
    (tmp_path / "secret.txt").write_text("not for anybody")
    return tmp_path


@pytest.fixture
async def client(built: Path) -> AsyncIterator[httpx.AsyncClient]:
    async for each in serving(built, graphiql=True):
        yield each


async def serving(built: Path, *, graphiql: bool) -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=web_routes(graphiql=graphiql, built=built), middleware=[Middleware(SecurityMiddleware)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://api.test") as client:
        yield client


@pytest.mark.parametrize("page", ["pay", "portal", "app"])
async def test_a_page_runs_its_own_scripts_and_styles_and_nothing_else(client: httpx.AsyncClient, page: str) -> None:
    """No inline script or style, no other host, no frame around it, no form that leads away."""
    response = await client.get(f"/{page}")
    assert (response.status_code, response.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert f"{page}.html" in response.text
    policy = response.headers["content-security-policy"]
    assert policy == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "worker-src 'none'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    assert response.headers["referrer-policy"] == "no-referrer"


async def test_only_graphiql_may_style_in_place(client: httpx.AsyncClient) -> None:
    """Its editor does; still no inline script and no other host."""
    policy = (await client.get("/graphiql")).headers["content-security-policy"]
    assert "style-src 'self' 'unsafe-inline'" in policy
    assert "script-src 'self';" in policy
    assert "http" not in policy


async def test_there_is_no_graphiql_unless_it_is_wanted(built: Path) -> None:
    async for client in serving(built, graphiql=False):
        assert (await client.get("/graphiql")).status_code == 404
        assert (await client.get("/pay")).status_code == 200


async def test_a_page_is_asked_for_again_and_its_files_never(client: httpx.AsyncClient) -> None:
    """A new build is seen at once; what has its hash in its name is never another."""
    page = await client.get("/pay")
    assert page.headers["cache-control"] == "no-cache"
    again = await client.get("/pay", headers={"If-None-Match": page.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["content-security-policy"] == page.headers["content-security-policy"]
    script = await client.get(f"/{SCRIPT}", headers={"Accept-Encoding": "identity"})
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"
    assert script.text == "console.log('plain')"


@pytest.mark.parametrize(
    ("accepted", "encoding"), [("gzip, deflate, br", "br"), ("gzip;q=0.5", "gzip"), ("identity", None), ("", None)]
)
async def test_a_browser_gets_the_smallest_copy_it_takes(built: Path, accepted: str, encoding: str | None) -> None:
    """Compressed once, by the build."""
    async for client in serving(built, graphiql=False):
        response = await client.send(
            client.build_request("HEAD", f"/{SCRIPT}", headers={"Accept-Encoding": accepted}), stream=True
        )
        assert response.headers.get("content-encoding") == encoding
        assert response.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    "path",
    [
        "/assets/../secret.txt",
        "/assets/%2e%2e/secret.txt",
        "/assets/..%2fsecret.txt",
        "/assets/",
        "/secret.txt",
        "/assets/.br",
    ],
)
async def test_nothing_beside_the_build_is_served(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(path)
    assert response.status_code == 404
    assert "anybody" not in response.text


async def test_pages_that_were_not_built_say_so(tmp_path: Path) -> None:
    """Whoever develops without Node is told what to run."""
    async for client in serving(tmp_path, graphiql=True):
        for path in ("/pay", "/portal", "/app", "/graphiql"):
            response = await client.get(path)
            assert response.status_code == 503
            assert "make setup" in response.text


@pytest.mark.parametrize("page", ["pay", "portal", "app", "graphiql"])
def test_the_build_holds_nothing_inline_and_no_other_host(page: str) -> None:
    """What the policy forbids is not in the page: everything is loaded from beside it."""
    if not (BUILT / f"{page}.html").is_file():
        pytest.fail(f"web/dist/{page}.html is missing: run `make setup`, which builds it.")
    text = (BUILT / f"{page}.html").read_text(encoding="utf-8")
    assert text.count("<script") == text.count('<script type="module" crossorigin src="./assets/')
    assert "<style" not in text
    assert " style=" not in text
    assert "://" not in text


async def test_links_lead_to_our_own_pages_unless_told_otherwise(world: World) -> None:
    """A frontend of your own is one setting; without any, mails lead to the pages that come along."""
    own = {"payment_portal_url": "", "client_portal_url": "", "staff_app_url": "", "public_url": "https://api.test/x/"}
    portals = world.settings.model_copy(update=own).portals
    assert portals.payment_link("t") == "https://api.test/x/pay#t"
    assert portals.client_link("t") == "https://api.test/x/portal#t"
    assert portals.staff_url == "https://api.test/x/app"
    other = world.settings.model_copy(update=own | {"payment_portal_url": "https://pay.test"}).portals
    assert other.payment_link("t") == "https://pay.test#t"


@pytest.mark.parametrize(
    ("public_url", "origin"),
    [
        ("https://API.example.com/inspectpay", "https://api.example.com"),
        ("https://api.example.com:443", "https://api.example.com"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://[::1]:8000/", "http://[::1]:8000"),
    ],
)
async def test_our_own_pages_may_call_the_api(world: World, public_url: str, origin: str) -> None:
    """The origin as browsers send it: without path, in lower case, without the port that goes without saying."""
    assert world.settings.model_copy(update={"public_url": public_url}).own_origin == origin


async def test_a_request_from_our_own_pages_is_answered(world: World) -> None:
    """In production too, where no other origin is named; a page of another is refused."""
    production = world.settings.model_copy(update={"explorer": False, "allowed_origins": ""})
    transport = httpx.ASGITransport(create_app(production, held=world.held))
    asked = {"query": "{ viewer { __typename } }"}
    async with httpx.AsyncClient(transport=transport, base_url="https://inside.test") as client:
        own = await client.post("/graphql", json=asked, headers={"Origin": production.own_origin})
        assert (own.status_code, own.json()) == (200, {"data": {"viewer": None}})
        other = await client.post("/graphql", json=asked, headers={"Origin": "https://evil.example"})
        assert other.status_code == 403
