"""How a company presents itself: set by its owner, seen by everybody who deals with it."""

import base64
import email
import email.policy
import hashlib
import io
import re
import struct
import zlib
from email.message import EmailMessage
from typing import Any

import httpx
import pytest
from PIL import Image, PngImagePlugin

import models
from operations.documents.invoice_document import as_pdf, invoice_document
from rules import clock
from rules.limits import LOGO_BYTES_MAX, LOGO_PIXELS_MAX, LOGOS_KEPT_MAX, SIGNED_ADDRESS_LIFE
from rules.links import BASE_MARK
from tests.api.expectations import nothing_changes
from tests.world import PASSWORD, Api, Json, World, key_of

FIELDS = "name logoUrl color textColor postalAddress phone email taxId"
BRANDED = f"company {{ branding {{ {FIELDS} }} }}"
SECRET = "taken at 47.0000, 8.0000"
TEXTS = {
    "postalAddress": "12 Shore Road\nLakeside",
    "phone": "+1 555 0100",
    "email": "office@lakeside.test",
    "taxId": "12-3456789",
}


def picture(
    kind: str = "PNG", size: tuple[int, int] = (40, 20), *, mode: str = "RGB", noisy: bool = False, **options: Any
) -> bytes:
    """A picture as a file; a noisy one can't be compressed."""
    image = Image.effect_noise(size, 100).convert(mode) if noisy else Image.new(mode, size, 90)
    written = io.BytesIO()
    image.save(written, kind, **options)
    return written.getvalue()


def in_base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def bomb(width: int, height: int) -> bytes:
    """A small PNG that says it is that large, and holds as many pixels, all the same."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    pixels = zlib.compress(bytes((1 + (width + 7) // 8) * height), 9)
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


async def brand(api: Api, **given: object) -> Json:
    """The branding after a change."""
    found: Json = (await api.mutate("updateBranding", BRANDED, **given)).done("company")["branding"]
    return found


async def served(world: World, address: str) -> Image.Image:
    """The logo that everybody gets there."""
    answer = await world.http.get(address)
    assert answer.status_code == 200
    return Image.open(io.BytesIO(answer.content))


async def test_branding_begins_with_the_name_and_a_color(world: World) -> None:
    """A new company has a colour with readable text, and nothing else that it did not say (S60)."""
    found = (await world.inspector.read(f"{{ viewer {{ ... on InspectorViewer {{ {BRANDED} }} }} }}"))["viewer"]
    nothing = dict.fromkeys(("logoUrl", "postalAddress", "phone", "email", "taxId"))
    assert found["company"]["branding"] == {
        **nothing,
        "name": "Lakeside Inspections",
        "color": "#17527a",
        "textColor": "#ffffff",
    }


async def test_owner_sets_it_and_payer_and_client_see_it(world: World) -> None:
    """What the owner sets is what a payer and a client read (S60)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00", send=True)
    await world.deliver_mails()
    payer, client = await job.payment_link(invoice["id"]), await job.client_portal()
    set_by_owner = await brand(world.inspector, color="#FFEE00", logo=in_base64(picture()), **TEXTS)
    assert set_by_owner == {
        **TEXTS,
        "name": "Lakeside Inspections",
        "color": "#ffee00",
        "textColor": "#000000",
        "logoUrl": set_by_owner["logoUrl"],
    }
    of_payer = await payer.read(f"{{ viewer {{ ... on PayerViewer {{ invoice {{ branding {{ {FIELDS} }} }} }} }} }}")
    assert of_payer["viewer"]["invoice"]["branding"] == set_by_owner
    of_client = await client.read(f"{{ viewer {{ ... on ClientViewer {{ inspection {{ {BRANDED} }} }} }} }}")
    assert of_client["viewer"]["inspection"]["company"]["branding"] == set_by_owner


async def test_null_removes_and_what_is_left_out_stays(world: World) -> None:
    """Each thing is changed by itself (S60)."""
    await brand(world.inspector, color="#ffee00", logo=in_base64(picture()), **TEXTS)
    assert (await brand(world.inspector, phone=None))["email"] == TEXTS["email"]
    left = await brand(world.inspector, color=None, logo=None, email=None, postalAddress=None)
    assert left == {
        **dict.fromkeys(TEXTS),
        "name": "Lakeside Inspections",
        "taxId": TEXTS["taxId"],
        "color": "#17527a",
        "textColor": "#ffffff",
        "logoUrl": None,
    }


@pytest.mark.parametrize(("kind", "media_type"), [("PNG", "image/png"), ("JPEG", "image/jpeg")])
async def test_logo_is_served_to_everybody_for_ever(world: World, kind: str, media_type: str) -> None:
    """Without a token, from any page, kept by browsers, its type never guessed (S60)."""
    address = (await brand(world.inspector, logo=in_base64(picture(kind))))["logoUrl"]
    answer = await world.http.get(address)
    assert answer.status_code == 200
    headers = {name: answer.headers[name] for name in ("content-type", "cache-control", "x-content-type-options")}
    assert headers == {
        "content-type": media_type,
        "cache-control": "public, max-age=31536000, immutable",
        "x-content-type-options": "nosniff",
    }
    assert (await served(world, address)).size == (40, 20)


async def test_logo_of_the_same_picture_has_another_address_at_another_company(world: World) -> None:
    """Whoever has a company's picture can't tell from it where, or whether, it is served (S60)."""
    _, other = await world.new_company("Hillside Inspections", "owner@hillside.test")
    addresses = {(await brand(api, logo=in_base64(picture())))["logoUrl"] for api in (world.inspector, other)}
    assert len(addresses) == 2


async def test_removed_logo_is_gone_and_replaced_ones_stay_for_a_while(world: World) -> None:
    """Mails that were sent keep their picture, until its company wants no picture any more (S60)."""
    addresses = [
        (await brand(world.inspector, logo=in_base64(picture(size=(40, height)))))["logoUrl"]
        for height in range(20, 22 + LOGOS_KEPT_MAX)
    ]
    states = [(await world.http.get(address)).status_code for address in addresses]
    assert states == [404, 404, *[200] * LOGOS_KEPT_MAX]
    await brand(world.inspector, logo=None)
    assert {(await world.http.get(address)).status_code for address in addresses} == {404}
    assert await models.Logo.all().count() == 0


async def test_nothing_of_a_picture_is_served_but_what_can_be_seen_of_it(world: World) -> None:
    """Where and when it was taken, comments, and whatever is behind its end (S60)."""
    exif = Image.Exif()
    exif[0x010E] = SECRET
    exif[0x0112] = 6  # Lies on its side.
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", SECRET)
    png = picture(pnginfo=text, exif=exif, icc_profile=SECRET.encode())
    jpeg = picture("JPEG", exif=exif, comment=SECRET, icc_profile=SECRET.encode())
    for content in (png, jpeg):
        address = (await brand(world.inspector, logo=in_base64(content + SECRET.encode())))["logoUrl"]
        answer = await world.http.get(address)
        assert SECRET.encode() in content
        assert SECRET.encode() not in answer.content
        assert (await served(world, address)).size == (20, 40), "it was turned upright"


async def test_large_logo_is_made_smaller(world: World) -> None:
    """At most 1,024 pixels wide and high, and no heavier than it may be given (S60)."""
    wide = picture(size=(3_000, 600))
    assert (await served(world, (await brand(world.inspector, logo=in_base64(wide)))["logoUrl"])).size == (1_024, 205)
    # As RGBA this weighs several times what it does in grey.
    heavy = picture(size=(430, 430), mode="L", noisy=True)
    assert 150_000 < len(heavy) <= LOGO_BYTES_MAX
    answer = await world.http.get((await brand(world.inspector, logo=in_base64(heavy)))["logoUrl"])
    assert len(answer.content) <= LOGO_BYTES_MAX


async def test_logo_of_200_kib_fits_into_a_request(world: World) -> None:
    """What may be uploaded can be (S60)."""
    content = picture("JPEG")
    content += bytes(LOGO_BYTES_MAX - len(content))
    assert (await brand(world.inspector, logo=in_base64(content)))["logoUrl"]


async def test_only_one_text_of_a_staff_members_request_may_be_that_long(world: World) -> None:
    """A body has its usual limit beside it, and for everybody else altogether (S60)."""
    job = await world.inspection()
    client = await job.client_portal()
    many = {"number": ["x" * 90] * 3_000}
    long = {"logo": "x" * 250_000}
    asked = "query Q { viewer { __typename } }"
    statuses = [
        (await api.http.post("/graphql", json={"query": asked, "variables": variables}, headers=headers)).status_code
        for api in (world.inspector, client, world.anybody)
        for headers in [{"Authorization": f"Bearer {api.token}"} if api.token else {}]
        for variables in (long, many, {**long, **many})
    ]
    assert statuses == [200, 413, 413, *[413] * 6]


REFUSED = {
    "an SVG": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "HTML": b"<!doctype html><script>alert(1)</script>",
    "a GIF": picture("GIF"),
    "a TIFF": picture("TIFF"),
    "HTML behind a PNG's first bytes": b"\x89PNG\r\n\x1a\n<script>alert(1)</script>",
    "half a picture": picture(size=(200, 200), noisy=True)[:9_000],
    "half a JPEG": picture("JPEG", (200, 200), noisy=True)[:3_000],
    "a bomb": bomb(20_000, 20_000),
    "a larger bomb": bomb(60_000, 60_000)[:LOGO_BYTES_MAX],
    "no picture at all": b"",
    "one that is too heavy": picture("JPEG") + bytes(LOGO_BYTES_MAX),
}


@pytest.mark.parametrize("what", REFUSED)
async def test_what_is_no_picture_is_refused(world: World, what: str) -> None:
    """Only PNG and JPEG, of bounded weight and size, are taken; nothing is stored of anything else (S60)."""
    logo = in_base64(REFUSED[what]) or "===="
    async with nothing_changes(world):
        refused = await world.inspector.mutate("updateBranding", BRANDED, logo=logo)
    assert refused.codes == ["INVALID_INPUT"]
    assert refused.content["userErrors"][0]["field"] == ["logo"]


async def test_a_bomb_is_refused_before_it_is_unpacked(world: World) -> None:
    """What a picture says of its size decides, so it takes no memory (S60)."""
    content = bomb(20_000, LOGO_PIXELS_MAX // 20_000 + 1)
    refused = await world.inspector.mutate("updateBranding", BRANDED, logo=in_base64(content))
    assert refused.content["userErrors"][0]["message"] == f"logo must have at most {LOGO_PIXELS_MAX:,} pixels."


async def test_all_that_is_wrong_is_told_at_once(world: World) -> None:
    """Each field with a sentence; none of it can reach a header or a style sheet (S60)."""
    given = {
        "color": "red;}",
        "postalAddress": "x" * 301,
        "phone": "1\n2",
        "email": "office@lakeside.test\r\nBcc: eve@x.test",
        "taxId": "\u202e",
        "logo": "%",
    }
    async with nothing_changes(world):
        refused = await world.inspector.mutate("updateBranding", BRANDED, **given)
    assert [error["field"] for error in refused.content["userErrors"]] == [[name] for name in given]


async def test_only_the_owner_changes_it(world: World) -> None:
    """Other staff see it (S60)."""
    user = {"name": "Ina", "email": "ina@lakeside.test", "password": PASSWORD}
    (await world.inspector.mutate("createUser", "user { id }", **user)).done("user")
    colleague = await world.signed_in(user["email"])
    async with nothing_changes(world):
        assert (await colleague.mutate("updateBranding", BRANDED, phone="1")).codes == ["OWNER_REQUIRED"]


async def branded_world(world: World) -> Json:
    """The company with everything set; its branding."""
    return await brand(world.inspector, color="#ffee00", logo=in_base64(picture()), **TEXTS)


async def last_mail(world: World, recipient: str) -> EmailMessage:
    """The newest mail to that address, as it was sent."""
    newest = (await world.mails(recipient))[0]
    raw = (await world.servers.mails.get(f"/api/messages/{newest['id']}/raw")).content
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def shows(shown: dict[str, str | None], text: str) -> list[str]:
    """Which of a company's addresses a text has."""
    return [name for name, value in shown.items() if value and value.splitlines()[0] in text]


async def test_every_mail_has_it_and_replies_go_to_the_company(world: World) -> None:
    """Invoice, reminder's like, receipt, notice, automation and the staff's own: addresses, colour, Reply-To (S60)."""
    branding = await branded_world(world)
    job = await world.inspection()
    invoice = await job.invoice("125.00", send=True)
    await world.deliver_mails()
    agent, client = job.email(), job.email("CLIENT")
    mails = {"invoice": await last_mail(world, agent)}
    await job.paid(await job.payment_link(invoice["id"]), invoice["id"])
    await world.deliver_mails()
    mails["receipt"] = await last_mail(world, agent)
    noted = {"inspectionPersonId": job.entry("CLIENT"), "subject": "Tomorrow", "message": "At nine."}
    (await job.api.mutate("notifyPerson", "email { id }", **noted)).done("email")
    await world.deliver_mails()
    mails["notice"] = await last_mail(world, client)
    (await world.inspector.mutate("inviteUser", "user { id }", name="Ina", email="ina@lakeside.test")).done("user")
    await world.deliver_mails()
    mails["invitation"] = await last_mail(world, "ina@lakeside.test")
    for name, mail in mails.items():
        assert mail["Reply-To"] == TEXTS["email"], name
        html, text = body(mail, "html"), body(mail, "plain")
        assert shows(dict(TEXTS), html) == shows(dict(TEXTS), text) == list(TEXTS), name
        assert f'src="{branding["logoUrl"]}"' in html, name
        assert "#ffee00" in html, name
        assert BASE_MARK not in html + text, name


async def test_mail_keeps_the_reply_address_that_it_was_written_with(world: World) -> None:
    """A mail is a snapshot: one that waits keeps what the company was when it was written (S60)."""
    await brand(world.inspector, **TEXTS)
    job = await world.inspection()
    await job.invoice("125.00", send=True)
    await brand(world.inspector, email="other@lakeside.test")
    await world.deliver_mails()
    assert (await last_mail(world, job.email()))["Reply-To"] == TEXTS["email"]


async def test_company_without_addresses_sends_mails_without(world: World) -> None:
    """Nothing is made up: no Reply-To, no picture (S60)."""
    job = await world.inspection()
    await job.invoice("125.00", send=True)
    await world.deliver_mails()
    mail = await last_mail(world, job.email())
    assert "Reply-To" not in mail
    assert "<img" not in body(mail, "html")


async def test_preview_is_what_is_mailed(world: World) -> None:
    """The preview has the branding too, its picture included (S13, S60)."""
    branding = await branded_world(world)
    job = await world.inspection()
    invoice = await job.invoice("125.00")
    found = await world.inspector.read(
        "query($id: ID!) { invoice(id: $id) { emailPreview { html text } } }", id=invoice["id"]
    )
    preview = found["invoice"]["emailPreview"]
    assert f'src="{branding["logoUrl"]}"' in preview["html"]
    assert shows(dict(TEXTS), preview["text"]) == list(TEXTS)


async def test_document_has_it_as_page_and_as_pdf(world: World) -> None:
    """Logo, colour and addresses are on the invoice, and the page may load its picture (S60)."""
    branding = await branded_world(world)
    job = await world.inspection()
    invoice = await job.invoice("125.00")
    before = len(await as_pdf(await invoice_document(key_of(invoice["id"]))))
    found = await world.inspector.read("query($id: ID!) { invoice(id: $id) { documentUrl } }", id=invoice["id"])
    url = httpx.URL(found["invoice"]["documentUrl"])
    page = await world.http.get(url)
    (source,) = re.findall(r'<img class="logo" src="([^"]+)"', page.text)
    assert url.join(source) == branding["logoUrl"]
    assert "img-src 'self'" in page.headers["content-security-policy"]
    assert shows(dict(TEXTS), page.text) == list(TEXTS)
    assert "#ffee00" in page.text
    await brand(world.inspector, logo=None)
    assert len(await as_pdf(await invoice_document(key_of(invoice["id"])))) < before, "its picture was in the PDF"


async def test_only_the_mailed_copy_has_the_payers_link(world: World) -> None:
    """The link in the payer's own PDF opens the invoice; a copy that others open has none (S20, S60)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00", send=True)
    await world.deliver_mails()
    mail = await last_mail(world, job.email())
    (attached,) = mail.iter_attachments()
    (link,) = re.findall(r"https?://\S+#\S+", body(mail, "plain"))
    assert link.encode() in attached.get_content()
    opened = await as_pdf(await invoice_document(key_of(invoice["id"])))
    assert b"/URI" not in opened


async def test_address_that_is_over_shows_whose_it_was(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page of an expired address has logo, colour and addresses, and asks to write to the company (S60, S70)."""
    branding = await branded_world(world)
    job = await world.inspection()
    invoice = await job.invoice("125.00")
    found = await world.inspector.read("query($id: ID!) { invoice(id: $id) { documentUrl } }", id=invoice["id"])
    url = httpx.URL(found["invoice"]["documentUrl"])
    later = clock.now() + SIGNED_ADDRESS_LIFE * 2
    monkeypatch.setattr(clock, "now", lambda: later)
    page = await world.http.get(url, headers={"Accept": "text/html"})
    assert page.status_code == 404
    (source,) = re.findall(r'<img src="([^"]+)"', page.text)
    assert url.join(source) == branding["logoUrl"]
    (style,) = re.findall(r"<style>(.*?)</style>", page.text, re.DOTALL)
    assert "#ffee00" in style
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'; img-src 'self';" in page.headers["content-security-policy"]
    assert shows(dict(TEXTS), page.text) == list(TEXTS)
    assert 'href="mailto:office%40lakeside.test"' in page.text


async def test_link_that_has_ended_says_where_to_ask(world: World) -> None:
    """Whoever bears a link that once was good is told the company's address and number (S60, S70)."""
    await branded_world(world)
    job = await world.inspection()
    client = await job.client_portal()
    await models.Grant.all().update(revoked_at=clock.now())
    refused = await client.run("{ viewer { ... on ClientViewer { guest } } }")
    assert refused.status == 401
    message = refused.body["errors"][0]["message"]
    assert message.endswith("write to office@lakeside.test, or call +1 555 0100.")
