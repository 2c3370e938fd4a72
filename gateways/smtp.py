"""SMTP: hands one mail to one recipient's server and says exactly how that ended."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from enum import StrEnum

import aiosmtplib

from rules import clock

DIALOGUE_SECONDS_MAX = 25.0
"""A dialogue and a job may take 30 s (SPEC, section 6); the dialogue ends first, so that its outcome is recorded."""


class Tls(StrEnum):
    """How the connection is protected: from the first byte, by STARTTLS (required), or not at all."""

    IMPLICIT = "implicit"
    STARTTLS = "starttls"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mails are handed over, and who they come from."""

    host: str
    port: int
    tls: Tls
    username: str | None
    password: str | None
    sender_name: str
    sender_address: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a mail; `media_type` such as application/pdf."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail to exactly one recipient."""

    to_name: str
    to_address: str
    subject: str
    text: str
    html: str
    message_id: str
    attachments: tuple[Attachment, ...] = ()


class Outcome(StrEnum):
    """How handing over a mail ended."""

    ACCEPTED = "ACCEPTED"
    TRY_AGAIN = "TRY_AGAIN"
    REFUSED = "REFUSED"
    UNCERTAIN = "UNCERTAIN"


@dataclass(frozen=True, slots=True)
class Handover:
    """The outcome, with the server's words when it did not accept."""

    outcome: Outcome
    detail: str | None = None


class Mailer:
    """Sends mails, each on a connection of its own: a client is unusable after a cancelled send."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server

    @property
    def domain(self) -> str:
        """Where mails come from."""
        return self._server.sender_address.rpartition("@")[2]

    async def hand_over(self, mail: Mail, *, before_data: Callable[[], Awaitable[None]]) -> Handover:
        """Hand over one mail; never raises for what a server or network does.

        `before_data` is awaited when the recipient was accepted and the content is about to go out: from then on a
        lost connection is UNCERTAIN, because the server may have taken the mail.
        """
        content = self._message(mail).as_bytes()  # First: what can't be written must not look like a lost mail.
        client = self._client()
        connected = transmitting = False
        try:
            async with asyncio.timeout(DIALOGUE_SECONDS_MAX):
                await client.connect()
                connected = True
                await client.mail(self._server.sender_address)
                await client.rcpt(mail.to_address)
                await before_data()
                transmitting = True
                await client.data(content)
        except aiosmtplib.SMTPResponseException as error:
            # A server that turns us away before it heard of the mail has not refused the mail.
            outcome = Outcome.REFUSED if connected and error.code >= 500 else Outcome.TRY_AGAIN
            return Handover(outcome, f"{error.code} {error.message}"[:500])
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            detail = f"{type(error).__name__}: {error}".rstrip(": ")[:500]
            return Handover(Outcome.UNCERTAIN if transmitting else Outcome.TRY_AGAIN, detail)
        finally:
            client.close()
        return Handover(Outcome.ACCEPTED)

    def _client(self) -> aiosmtplib.SMTP:
        server = self._server
        return aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.tls is Tls.IMPLICIT,
            start_tls=server.tls is Tls.STARTTLS,
            username=server.username,
            password=server.password,
            timeout=DIALOGUE_SECONDS_MAX,
        )

    def _message(self, mail: Mail) -> EmailMessage:
        message = EmailMessage(policy=SMTP)
        message["From"] = _address(self._server.sender_name, self._server.sender_address)
        message["To"] = _address(mail.to_name, mail.to_address)
        message["Subject"] = mail.subject
        message["Date"] = format_datetime(clock.now())
        message["Message-ID"] = mail.message_id
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.text)
        message.add_alternative(mail.html, subtype="html")
        for attachment in mail.attachments:
            kind, _, subtype = attachment.media_type.partition("/")
            message.add_attachment(attachment.content, maintype=kind, subtype=subtype, filename=attachment.name)
        return message


def _address(name: str, address: str) -> Address:
    return Address(display_name=name, addr_spec=address)
