"""A mail's bytes: exactly our headers, each reading as it was typed, one recipient, and the body ours."""

import email
import email.header
import email.policy
import re
from dataclasses import replace
from email.message import EmailMessage, Message

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gateways.mail_bytes import Attachment, Mail, Uncomposable, compose
from gateways.smtp import Mailer, Outcome, SmtpServer, Tls
from tests.sandbox_servers import Servers

HEADERS = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"]
BCC = "=?utf-8?q?x=0D=0ABcc:=20evil@example.com?="
BODY = "=?utf-8?b?eA0KDQpPdXIgYm9keT8gTm8sIHRoZWlycy4=?="
MAIL = Mail(
    to_name="Adam Agent",
    to_address="adam@people.test",
    subject="Invoice 1001-2 from Lakeside",
    text="Hello Adam,\n\n=?utf-8?q?still_yours?=\n.\nQUIT\n",
    html="<p>Hello Adam</p>\n",
    message_id="<1@inspectpay.test>",
    attachments=(Attachment("Invoice 1001-2.pdf", "application/pdf", b"%PDF"),),
)

_characters = st.characters(blacklist_categories=("Cc", "Cs", "Zl", "Zp"))
_pieces = st.sampled_from(
    [BCC, BODY, "=?utf-8?q?", "?=", "=?", "=0D=0A", "\\", '"', "<", ">", ",", ";", ":", "@", "(", ")", " ", "\u202e"]
)
typed = st.one_of(
    st.text(_characters, min_size=1, max_size=200),
    st.lists(st.one_of(_pieces, st.text(_characters, max_size=20)), min_size=1, max_size=8).map("".join),
).map(lambda text: text.strip()[:200].strip() or "x")
bodies = st.lists(st.one_of(_pieces, st.text(_characters, max_size=90), st.just("\n"), st.just("\n.\n"))).map("".join)


def written(mail: Mail) -> tuple[EmailMessage, Message]:
    """The mail as a modern and as an old reader understands its bytes."""
    raw = compose(mail, sender_name="Lakeside", sender_address="billing@inspectpay.test")
    assert raw.isascii()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert all(len(word) <= 75 for word in re.findall(rb"=\?utf-8\?.*\?=", raw.partition(b"\r\n\r\n")[0]))
    return read(raw)


def read(raw: bytes) -> tuple[EmailMessage, Message]:
    modern = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(modern, EmailMessage)
    return modern, email.message_from_bytes(raw)


def check(mail: Mail, modern: EmailMessage, old: Message) -> None:
    """Both readers see exactly what was typed, in exactly our headers."""
    assert [name for name, _ in old.items()] == [name for name, _ in modern.items()] == HEADERS
    assert old.defects == modern.defects == []
    assert modern["Subject"] == decoded(old, "Subject") == mail.subject
    (recipient,) = modern["To"].addresses
    assert recipient.addr_spec == mail.to_address
    # Python's newer reader keeps the blank between a name's encoded words, which RFC 2047 (6.2) has it drop, and
    # makes one of two blanks in a name.
    assert recipient.display_name.replace(" ", "") == mail.to_name.replace(" ", "")
    if old["To"].count("=?utf-8?") <= 1 and "  " not in mail.to_name:
        assert recipient.display_name == mail.to_name
    old_name, old_address = decoded(old, "To").rsplit(" ", 1)
    # Quotes that come out of an encoded word were typed: only those around a name that is sent as it is are ours.
    name = unquoted(old_name) if old["To"].startswith('"') else old_name
    assert (name, old_address) == (mail.to_name, f"<{mail.to_address}>")
    assert modern["From"].addresses[0].addr_spec == "billing@inspectpay.test"
    text, html = modern.get_body(("plain",)), modern.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().replace("\r\n", "\n").rstrip("\n") == mail.text.rstrip("\n")
    assert html.get_content().replace("\r\n", "\n").rstrip("\n") == mail.html.rstrip("\n")
    assert [part.get_filename() for part in modern.iter_attachments()] == ["Invoice 1001-2.pdf"]


def decoded(message: Message, name: str) -> str:
    unfolded = message[name].replace("\r\n", "\n").replace("\n ", " ")
    return "".join(
        part.decode(charset or "ascii") if isinstance(part, bytes) else part
        for part, charset in email.header.decode_header(unfolded)
    )


def unquoted(name: str) -> str:
    if not (name.startswith('"') and name.endswith('"') and len(name) > 1):
        return name
    return name[1:-1].replace('\\"', '"').replace("\\\\", "\\")


@given(subject=typed, name=typed, text=bodies)
@example(subject=BCC, name="Adam", text="")
@example(subject=BODY, name=BODY, text=BODY)
@example(subject="a  b", name=BCC, text="")
@example(subject="x", name='"=?"', text="")
@example(subject="=?utf-8?q?x?=" * 15, name='"Eve" <eve@example.com>, Adam', text="")
@settings(max_examples=300, deadline=None)
def test_headers_read_as_they_were_typed(subject: str, name: str, text: str) -> None:
    """Whatever is typed, a mail has exactly our headers, each equal to what was typed, and our body (S14, S16)."""
    mail = replace(MAIL, subject=subject, to_name=name, text=text, html=text)
    check(mail, *written(mail))


@given(subject=typed, name=typed, text=bodies)
@example(subject=BCC, name=BCC, text="")
@example(subject=BODY, name=BODY, text=BODY)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_mailbox_receives_what_was_typed(servers: Servers, subject: str, name: str, text: str) -> None:
    """The bytes that arrive have exactly our headers, what was typed in them, one recipient and our body (S14, S16)."""
    mail = replace(MAIL, subject=subject, to_name=name, text=text, html=text)
    with Mailer(server_of(servers)).session() as session:
        result = await session.send(mail, before_data=nothing)
    assert result.outcome is Outcome.ACCEPTED
    async with httpx.AsyncClient(base_url=servers.mailbox.url, trust_env=False) as http:
        (arrived,) = (await http.get("/api/messages")).json()
        raw = (await http.get(f"/api/messages/{arrived['id']}/raw")).content
        await http.delete("/api/messages")
    assert arrived["recipients"] == ["adam@people.test"]
    check(mail, *read(raw))


@pytest.mark.parametrize(
    "address",
    [
        "=?utf-8?q?x?=@example.com",
        "adam@people.test>\r\nBcc: <eve@example.com",
        "adam@people.test, eve@example.com",
        "adäm@people.test",
        "adam@münchen.test",
        "adam people.test",
        "",
    ],
)
def test_address_that_no_mail_can_reach_is_said_to_be_one(address: str) -> None:
    """An address that can't stand in a header is no fault of the server: the mail is not composed (S16)."""
    with pytest.raises(Uncomposable, match="The address is none"):
        compose(replace(MAIL, to_address=address), sender_name="Lakeside", sender_address="billing@inspectpay.test")


@pytest.mark.parametrize("text", ["a\r\nBcc: eve@example.com", "a\nb", "a\x00b", "a\u2028b", "a\ud800b"])
def test_header_with_a_break_is_not_composed(text: str) -> None:
    """A line break, control character or half a character never reaches a header, even if nobody refused it before."""
    for mail in (replace(MAIL, subject=text), replace(MAIL, to_name=text)):
        with pytest.raises(Uncomposable, match="A header of the mail would have"):
            compose(mail, sender_name="Lakeside", sender_address="billing@inspectpay.test")


async def test_what_cannot_be_composed_is_refused_before_anybody_is_called() -> None:
    """A mail that can't be written is refused with its reason, and no server hears of it."""
    server = SmtpServer("localhost", 1, Tls.NONE, None, None, "Lakeside", "billing@inspectpay.test")
    with Mailer(server).session() as session:
        result = await session.send(replace(MAIL, to_address="=?x?q?y?=@people.test"), before_data=nothing)
    assert (result.outcome, result.detail) == (
        Outcome.REFUSED,
        "The address is none that a mail can be sent to.",
    )


async def nothing() -> None:
    """Nothing to note before the content goes out."""


def server_of(servers: Servers) -> SmtpServer:
    return SmtpServer(
        host=servers.mailbox.smtp_host,
        port=servers.mailbox.smtp_port,
        tls=Tls.NONE,
        username=None,
        password=None,
        sender_name="Lakeside",
        sender_address="billing@inspectpay.test",
    )


def test_replies_go_where_the_mail_says() -> None:
    """One more header, with exactly that address (S60)."""
    modern, old = written(replace(MAIL, reply_to="office@lakeside.test"))
    assert sorted(old.keys()) == sorted([*HEADERS, "Reply-To"])
    (address,) = modern["Reply-To"].addresses
    assert (address.display_name, address.addr_spec) == ("", "office@lakeside.test")


@pytest.mark.parametrize(
    "address",
    ["office@lakeside.test\r\nBcc: eve@example.com", "a@x.test, b@x.test", "Eve <eve@x.test>", BCC, "", "x@y.test\n"],
)
def test_a_reply_address_that_is_more_than_one_address_is_not_written(address: str) -> None:
    """No header of its own comes of it: the mail is not sent at all (S60)."""
    with pytest.raises(Uncomposable):
        written(replace(MAIL, reply_to=address))
