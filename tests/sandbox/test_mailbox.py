"""The mailbox: takes mails as SMTP has it, shows them without being harmed, and commits the faults asked for."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
import httpx
import pytest

from sandbox.mailbox import messages as stored
from sandbox.mailbox import process
from sandbox.mailbox.files import MailFiles
from sandbox.mailbox.messages import Messages
from sandbox.mailbox.process import RunningMailbox

HOSTILE = "<script>alert(1)</script>\"'&"


@pytest.fixture(scope="module")
def mailbox() -> Iterator[RunningMailbox]:
    with process.running() as running:
        yield running


@pytest.fixture
async def web(mailbox: RunningMailbox) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=mailbox.url, trust_env=False) as client:
        await client.delete("/api/messages")
        await client.delete("/api/faults")
        yield client


def mail(subject: str = "Invoice 7", to: str = "agent@example.com") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Peak Inspections <billing@example.com>"
    message["To"] = to
    message["Subject"] = subject
    message["Message-ID"] = "<7@example.com>"
    message.set_content(f"Pay here: https://example.com/pay#abc {HOSTILE}\n")
    message.add_alternative(f"<p>Pay <b>here</b></p>{HOSTILE}", subtype="html")
    return message


async def send(mailbox: RunningMailbox, message: EmailMessage, *recipients: str, patience: float = 10) -> None:
    await aiosmtplib.send(
        message,
        hostname=mailbox.smtp_host,
        port=mailbox.smtp_port,
        recipients=list(recipients) or None,
        timeout=patience,
    )


async def subjects(web: httpx.AsyncClient) -> list[str]:
    return [message["subject"] for message in (await web.get("/api/messages")).json()]


async def test_mail_is_shown_with_its_envelope_and_headers(mailbox: RunningMailbox, web: httpx.AsyncClient) -> None:
    message = mail(subject="Rechnung für Ämter ✓", to="Ann <ann@example.com>, bob@example.com")
    message["Cc"] = "cc@example.com"
    message["X-Twice"] = "one"
    message["X-Twice"] = "two"
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="invoice.pdf")
    await send(mailbox, message, "hidden@example.com")
    [shown] = (await web.get("/api/messages")).json()
    assert shown["recipients"] == ["hidden@example.com"]
    assert (shown["sender"], shown["from"]) == ("billing@example.com", "billing@example.com")
    assert (shown["to"], shown["cc"], shown["bcc"]) == (["ann@example.com", "bob@example.com"], ["cc@example.com"], [])
    assert shown["subject"] == "Rechnung für Ämter ✓"
    assert shown["text"].startswith("Pay here: https://example.com/pay#abc")
    assert shown["html"].startswith("<p>Pay <b>here</b></p>")
    assert shown["headers"]["Message-ID"] == "<7@example.com>"
    assert shown["headers"]["X-Twice"] == ["one", "two"]
    assert shown["attachments"] == [{"name": "invoice.pdf", "content_type": "application/pdf", "size_bytes": 4}]
    assert shown["received_at"].endswith("+00:00")
    assert (await web.get(f"/api/messages/{shown['id']}")).json() == shown
    assert b"Message-ID: <7@example.com>" in (await web.get(f"/api/messages/{shown['id']}/raw")).content
    assert (await web.get(f"/messages/{shown['id']}/attachments/0")).content == b"%PDF"


async def test_newest_comes_first_and_delete_forgets(mailbox: RunningMailbox, web: httpx.AsyncClient) -> None:
    for subject in ("one", "two", "three"):
        await send(mailbox, mail(subject))
    await send(mailbox, mail("other", to="other@example.com"))
    assert await subjects(web) == ["other", "three", "two", "one"]
    found = (await web.get("/api/messages", params={"recipient": "other@example.com"})).json()
    assert [message["subject"] for message in found] == ["other"]
    assert (await web.delete("/api/messages")).status_code == 204
    assert await subjects(web) == []
    assert (await web.get(f"/api/messages/{found[0]['id']}")).status_code == 404


async def test_hostile_mail_is_shown_but_never_run(mailbox: RunningMailbox, web: httpx.AsyncClient) -> None:
    await send(mailbox, mail(subject=HOSTILE))
    [shown] = (await web.get("/api/messages")).json()
    for path in ("/", f"/messages/{shown['id']}"):
        page = await web.get(path)
        assert "<script" not in page.text
        assert "&lt;script&gt;" in page.text
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
    assert 'href="https://example.com/pay#abc"' in page.text
    frame = page.text.partition("<iframe")[2].partition(">")[0]
    html = await web.get(f"/messages/{shown['id']}/html")
    for rights in (frame, html.headers["content-security-policy"]):
        assert "sandbox" in rights
        assert "allow-scripts" not in rights
        assert "allow-same-origin" not in rights
    assert html.headers["x-content-type-options"] == "nosniff"


async def test_foreign_sites_reach_nothing(web: httpx.AsyncClient) -> None:
    assert (await web.get("/api/messages", headers={"Host": "evil.example"})).status_code == 400
    fault = await web.post("/api/faults", content='{"kind": "drop"}', headers={"Content-Type": "text/plain"})
    assert fault.status_code == 415
    assert (await web.get("/api/faults")).json() == []


@pytest.mark.parametrize("code", [451, 550])
@pytest.mark.parametrize("stage", ["mail", "rcpt", "data"])
async def test_rejects_as_often_as_asked(
    mailbox: RunningMailbox, web: httpx.AsyncClient, stage: str, code: int
) -> None:
    asked = {"kind": "reject", "stage": stage, "code": code, "count": 2}
    assert (await web.post("/api/faults", json=asked)).status_code == 201
    for _ in range(2):
        with pytest.raises(aiosmtplib.SMTPException) as caught:
            await send(mailbox, mail())
        refused = caught.value
        if isinstance(refused, aiosmtplib.SMTPRecipientsRefused):
            refused = refused.recipients[0]
        assert isinstance(refused, aiosmtplib.SMTPResponseException)
        assert refused.code == code
    assert await subjects(web) == []
    await send(mailbox, mail())
    assert await subjects(web) == ["Invoice 7"]


@pytest.mark.parametrize("stage", ["connect", "mail", "rcpt", "data"])
async def test_hangs_until_the_sender_gives_up(mailbox: RunningMailbox, web: httpx.AsyncClient, stage: str) -> None:
    await web.post("/api/faults", json={"kind": "hang", "stage": stage, "seconds": 30})
    with pytest.raises((aiosmtplib.SMTPTimeoutError, aiosmtplib.SMTPServerDisconnected)):
        await send(mailbox, mail(), patience=0.3)
    await send(mailbox, mail("afterwards"))
    assert await subjects(web) == ["afterwards"]


async def test_hang_goes_on_afterwards(mailbox: RunningMailbox, web: httpx.AsyncClient) -> None:
    await web.post("/api/faults", json={"kind": "hang", "stage": "rcpt", "seconds": 0.4})
    started = time.monotonic()
    await send(mailbox, mail())
    assert time.monotonic() - started >= 0.4
    assert await subjects(web) == ["Invoice 7"]


@pytest.mark.parametrize(("stored", "kept"), [(True, ["Invoice 7"]), (False, [])])
async def test_drops_the_connection_after_data(
    mailbox: RunningMailbox, web: httpx.AsyncClient, stored: bool, kept: list[str]
) -> None:
    await web.post("/api/faults", json={"kind": "drop", "stored": stored})
    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        await send(mailbox, mail())
    assert await subjects(web) == kept
    assert (await web.get("/api/faults")).json() == []


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ([], "A fault is a JSON object"),
        ({"kind": "explode"}, "`kind` must be one of reject, hang, drop"),
        ({"kind": "reject", "stage": "connect"}, "`stage` of 'reject' must be one of mail, rcpt, data"),
        ({"kind": "reject", "code": 250}, "`code` must be a whole number from 400 to 599"),
        ({"kind": "reject", "code": True}, "`code` must be a whole number"),
        ({"kind": "hang", "seconds": -1}, "`seconds` must be a number from 0 to 600"),
        ({"kind": "drop", "count": 0}, "`count` must be a whole number from 1"),
        ({"kind": "drop", "stored": "no"}, "`stored` must be true or false"),
        ({"kind": "drop", "code": 451}, "`code` is not a field of 'drop'"),
    ],
)
async def test_senseless_fault_is_refused_by_name(web: httpx.AsyncClient, asked: object, sentence: str) -> None:
    answer = await web.post("/api/faults", json=asked)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(sentence)
    assert (await web.get("/api/faults")).json() == []


async def test_fault_body_is_bounded_and_must_be_json(web: httpx.AsyncClient) -> None:
    json_type = {"Content-Type": "application/json"}
    assert (await web.post("/api/faults", content=b" " * 20_000, headers=json_type)).status_code == 413
    for body in (b"{", b"\xff", b"[" * 10_000):
        assert (await web.post("/api/faults", content=body, headers=json_type)).status_code == 400


async def test_oversized_mail_is_refused(mailbox: RunningMailbox, web: httpx.AsyncClient) -> None:
    big = mail()
    big.add_attachment(bytes(stored.MESSAGE_BYTES_MAX), maintype="application", subtype="pdf", filename="big.pdf")
    with pytest.raises(aiosmtplib.SMTPException, match="exceeds fixed maximum"):
        await send(mailbox, big, patience=30)
    assert await subjects(web) == []


async def test_many_senders_at_once(mailbox: RunningMailbox, web: httpx.AsyncClient) -> None:
    await asyncio.gather(*(send(mailbox, mail(str(number))) for number in range(30)))
    assert sorted(await subjects(web), key=int) == [str(number) for number in range(30)]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe\x00",
        b"Subject: =?nonsense?B?!!!?=\r\nFrom: @@,<<>\r\n\r\nbody",
        b"Subject: \xff\xfe raw bytes\r\nTo: \xff@example.com\r\n\r\nbody",
        b"Subject: =?utf-7?Q?+2AA-?=\r\nContent-Type: text/plain; charset=utf-7\r\n\r\n+2AA-",
        b"Content-Type: text/html; charset=rot13\r\n\r\nuryyb",
        b'Content-Type: text/plain; charset="no\x00pe"\r\n\r\nbody',
        b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!",
        b"".join(b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(2000)),
    ],
    ids=range(9),
)
def test_no_mail_breaks_the_reading(raw: bytes) -> None:
    kept = Messages()
    message = kept.add(sender="a@example.com", recipients=["b\udcff@example.com"], raw=raw)
    shown = message.as_json()
    assert shown["recipients"] == ["b?@example.com"]
    repr(shown).encode()
    str(shown["text"]).encode()
    str(shown["subject"]).encode()


def test_the_oldest_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Messages()
    for _ in range(stored.MESSAGES_MAX + 5):
        kept.add(sender="a@example.com", recipients=[], raw=b"")
    assert len(kept) == stored.MESSAGES_MAX
    assert next(iter(kept)).id == str(stored.MESSAGES_MAX + 5)
    assert kept.find("5") is None
    monkeypatch.setattr(stored, "TOTAL_BYTES_MAX", 10)
    kept.add(sender="a@example.com", recipients=[], raw=bytes(6))
    kept.add(sender="a@example.com", recipients=[], raw=bytes(6))
    assert [len(message.raw) for message in kept] == [6]


async def test_mails_are_there_after_a_restart(tmp_path: Path) -> None:
    """A mailbox that keeps its mails shows them at the next start as they came, and gives no id twice."""
    with process.running(kept_in=tmp_path) as first:
        await send(first, mail(subject="First", to="ann@example.com"))
        await send(first, mail(subject="Second"))
        async with httpx.AsyncClient(base_url=first.url, trust_env=False) as client:
            before = (await client.get("/api/messages")).json()
            raw = (await client.get("/api/messages/1/raw")).content
    (tmp_path / "3.mail.partial").write_bytes(b"half of a ma")  # What a crash may leave.
    with process.running(kept_in=tmp_path) as second:
        async with httpx.AsyncClient(base_url=second.url, trust_env=False) as client:
            assert (await client.get("/api/messages")).json() == before
            assert (await client.get("/api/messages/1/raw")).content == raw
            await client.delete("/api/messages")
    with process.running(kept_in=tmp_path) as third:
        await send(third, mail(subject="Third"))
        async with httpx.AsyncClient(base_url=third.url, trust_env=False) as client:
            assert [(one["id"], one["subject"]) for one in (await client.get("/api/messages")).json()] == [
                ("3", "Third")
            ]


def test_oldest_mails_make_room_on_disk_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the mailbox no longer shows, it no longer keeps."""
    monkeypatch.setattr(stored, "MESSAGES_MAX", 2)
    messages = Messages(MailFiles(tmp_path))
    for number in range(3):
        messages.add(sender="a@x.test", recipients=["b@x.test"], raw=b"Subject: %d\n\n" % number)
    assert sorted(path.name for path in tmp_path.glob("*.mail")) == ["2.mail", "3.mail"]
    assert [message.id for message in Messages(MailFiles(tmp_path))] == ["3", "2"]
