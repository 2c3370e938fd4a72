"""What people type into names and subjects: each mail that leaves has exactly our headers, and its own body."""

import email
import email.policy

import httpx
import pytest

from models import Email, Person
from tests.api.expectations import Refused, refused
from tests.world import World, key_of

BCC = "=?utf-8?q?x=0D=0ABcc:=20evil@example.com?="
BODY = "=?utf-8?b?eA0KDQpOb3QgeW91cnMu?="
HEADERS = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"]


async def raw_mail(world: World) -> bytes:
    async with httpx.AsyncClient(base_url=world.servers.mailbox.url, trust_env=False) as http:
        (mail,) = (await http.get("/api/messages")).json()
        return (await http.get(f"/api/messages/{mail['id']}/raw")).content


@pytest.mark.parametrize("typed", [BCC, BODY, "=?utf-8?q?Hello?=", "Ünï «code» 東京", '"Eve" <eve@example.com>, Adam'])
async def test_what_is_typed_reaches_the_reader_as_it_was_typed(world: World, typed: str) -> None:
    """Encoded words in a subject, a message and a name are words: no header, recipient or body of theirs (S14, S16)."""
    job = await world.inspection(people=(("Clara Client", "CLIENT"), (typed, "BUYERS_AGENT")))
    await job.invoice("125.00", send=True, subject=typed, message=f"Hello {typed}")
    await world.deliver_mails()
    raw = await raw_mail(world)
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert [name for name, _ in mail.items()] == HEADERS
    assert mail["Subject"] == typed
    (to,) = mail["To"].addresses
    assert (to.display_name, to.addr_spec) == (typed, job.email())
    text = mail.get_body(("plain",))
    assert text is not None
    assert text.get_content().splitlines()[:2] == [f"Hello {typed}", ""]


@pytest.mark.parametrize(
    "address",
    ["=?utf-8?q?x=0D=0ABcc:=20evil?=@example.com", "pät@people.test", "pat@localhost", f"pat@{'x' * 100_000}"],
)
async def test_address_that_cannot_be_mailed_is_refused(world: World, address: str) -> None:
    """Only addresses that a mail can be sent to are stored (S16)."""
    assert await refused(world, world.inspector, "createPerson", name="Pat", email=address) == Refused(
        "INVALID_EMAIL", "email must be one email address, such as name@example.com.", "email"
    )


async def test_international_domain_is_mailed_under_its_ascii_name(world: World) -> None:
    """An address whose domain has letters beyond ASCII is stored and mailed as DNS spells it (S16)."""
    person = await world.person("Jürgen", email="juergen@münchen.test")
    assert (await Person.get(id=key_of(person))).email == "juergen@xn--mnchen-3ya.test"


async def test_name_that_turns_a_mail_around_is_refused(world: World) -> None:
    """A direction override in a name, which would show the words after it backwards, is refused (S16)."""
    answer = await refused(world, world.inspector, "createPerson", name="Adam \u202etnegA")
    assert (answer.code, answer.field) == ("INVALID_INPUT", "name")
    assert await Email.all().count() == 0
