"""Signed addresses: frontends may fetch what is there, and people who come too late are told so in plain words."""

from datetime import timedelta
from html.parser import HTMLParser

import httpx
import pytest

from models import Company, Inspection, User
from rules import clock
from tests.world import Json, World

OURS, THEIRS = "https://staff.inspectpay.test", "https://evil.test"
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
CSV = "query($from: DateTime!, $to: DateTime!) { paymentExportUrl(from: $from, to: $to) }"


class Tags(HTMLParser):
    """The tags of a page with their attributes, and its words."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.fixture
async def addresses(world: World) -> dict[str, str]:
    """A document's page and PDF, and a CSV."""
    job = await world.inspection()
    page: str = (await job.read("primaryInvoice { documentUrl }"))["primaryInvoice"]["documentUrl"]
    period: Json = {"from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"}
    csv: str = (await world.inspector.read(CSV, **period))["paymentExportUrl"]
    return {"page": page, "pdf": page.replace("?", ".pdf?"), "csv": csv}


def expire(monkeypatch: pytest.MonkeyPatch) -> None:
    later = clock.now() + timedelta(minutes=15, seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)


async def test_frontends_may_fetch_documents_and_exports(world: World, addresses: dict[str, str]) -> None:
    """A page of an allowed origin reads documents, exports and refusals; any other page only leads there (S70)."""
    for url in (*addresses.values(), addresses["page"] + "0"):
        ours = await world.http.get(url, headers={"Origin": OURS, "Sec-Fetch-Site": "cross-site"})
        assert ours.headers["access-control-allow-origin"] == OURS
        assert "content-disposition" in ours.headers["access-control-expose-headers"].lower()
        assert "origin" in ours.headers["vary"].lower()
        theirs = await world.http.get(url, headers={"Origin": THEIRS, "Sec-Fetch-Site": "cross-site"})
        assert (theirs.status_code, theirs.content[:4]) == (ours.status_code, ours.content[:4])
        assert "access-control-allow-origin" not in theirs.headers
        assert "access-control-allow-credentials" not in {*ours.headers, *theirs.headers}
        led = await world.http.get(url, headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"})
        assert led.status_code == ours.status_code


async def test_a_preflight_is_answered_at_documents_and_exports(world: World, addresses: dict[str, str]) -> None:
    """A frontend may send its own headers along when it fetches a document; another page may not (S70)."""
    asked = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "x-request-id"}
    for url in addresses.values():
        ours = await world.http.options(url, headers={**asked, "Origin": OURS})
        assert (ours.status_code, ours.headers["access-control-allow-origin"]) == (200, OURS)
        theirs = await world.http.options(url, headers={**asked, "Origin": THEIRS})
        assert theirs.status_code == 400
        assert "access-control-allow-origin" not in theirs.headers
        posted = await world.http.options(
            url, headers={**asked, "Origin": OURS, "Access-Control-Request-Method": "PUT"}
        )
        assert posted.status_code == 400


def check_page(answer: httpx.Response) -> Tags:
    """A page in plain words that runs nothing, loads nothing and is kept by nobody."""
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["vary"] == "Accept, Origin"
    shown = Tags(answer.text)
    assert {tag for tag, _ in shown.tags} <= {
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "main",
        "h1",
        "p",
        "a",
        "bdi",
    }
    assert not any({"src", "style", "onload"} & attributes.keys() for _, attributes in shown.tags)
    return shown


async def test_who_comes_too_late_is_told_so_and_whom_to_ask(
    world: World, addresses: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An address that once was good shows a person a page with the company and its contact (S70)."""
    expire(monkeypatch)
    for name, url in addresses.items():
        shown = check_page(await world.http.get(url, headers=BROWSER))
        assert "This address has expired" in shown.words
        assert "Lakeside Inspections" in shown.words
        links = [attributes["href"] for tag, attributes in shown.tags if tag == "a"]
        assert links == ([] if name == "csv" else ["mailto:owner%40lakeside.test"])


async def test_what_was_never_good_tells_nothing_of_anybody(world: World, addresses: dict[str, str]) -> None:
    """A changed or made-up address shows a page that names nobody (S70)."""
    made_up = "http://api.inspectpay.test/documents/invoices/00000000-0000-7000-8000-000000000000?expires=1&signature=x"
    for url in (*(f"{url}0" for url in addresses.values()), made_up, addresses["page"].partition("?")[0]):
        shown = check_page(await world.http.get(url, headers=BROWSER))
        assert "Nothing is to be found here" in shown.words
        assert "Lakeside" not in shown.words
        assert "mailto" not in str(shown.tags)


async def test_programs_are_told_in_json(
    world: World, addresses: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who does not ask for a page gets the same in JSON: NOT_FOUND, and whether it has expired (S70)."""
    expire(monkeypatch)
    for accept in ("*/*", "application/json", "application/json, text/html;q=0.5", ""):
        for url in addresses.values():
            late = await world.http.get(url, headers={"Accept": accept})
            wrong = await world.http.get(url + "0", headers={"Accept": accept})
            (late_error,), (wrong_error,) = late.json()["errors"], wrong.json()["errors"]
            assert late_error["message"] == "The address of this document has expired; ask for a new one."
            assert wrong_error["message"] == "Document not found."
            for answer, error in ((late, late_error), (wrong, wrong_error)):
                assert (answer.status_code, error["extensions"]["code"]) == (404, "NOT_FOUND")


async def test_what_is_typed_by_people_stays_text_on_the_page(
    world: World, addresses: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A company or an inspector named like a script is shown as text, and their address is one address (S70)."""
    await Company.all().update(name="<script>alert(1)</script>")
    await Inspection.all().update(inspector_id=(await User.first()).id)  # type: ignore[union-attr]
    await User.all().update(name="Eve\u202e <b>", email="a?subject=x&b=%22'<i>@x.test")
    expire(monkeypatch)
    shown = check_page(await world.http.get(addresses["page"], headers=BROWSER))
    assert "Eve\u202e <b>" in shown.words
    (link,) = [attributes["href"] for tag, attributes in shown.tags if tag == "a"]
    assert link == "mailto:a%3Fsubject%3Dx%26b%3D%2522%27%3Ci%3E%40x.test"
    check_page(await world.http.get(addresses["csv"], headers=BROWSER))
