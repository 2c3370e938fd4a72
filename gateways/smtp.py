"""SMTP: sends one mail to one recipient and says exactly how that ended."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

import aiosmtplib

from gateways.mail_bytes import Mail, Uncomposable, compose

DIALOGUE_SECONDS_MAX = 25.0
"""A dialogue and a job may take 30 s; the dialogue ends first, so that its outcome is recorded."""


class Tls(StrEnum):
    """How the connection is protected: from the first byte, by STARTTLS (required), or not at all."""

    IMPLICIT = "implicit"
    STARTTLS = "starttls"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """The server that takes our mails, and who they come from."""

    host: str
    port: int
    tls: Tls
    username: str | None
    password: str | None
    sender_name: str
    sender_address: str


class Outcome(StrEnum):
    """How sending a mail ended."""

    ACCEPTED = "ACCEPTED"
    TRY_AGAIN = "TRY_AGAIN"
    REFUSED = "REFUSED"
    UNCERTAIN = "UNCERTAIN"


@dataclass(frozen=True, slots=True)
class SendResult:
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

    async def send(self, mail: Mail, *, before_data: Callable[[], Awaitable[None]]) -> SendResult:
        """Send one mail; never raises for what a server or network does, nor for a mail that can't be written.

        `before_data` is awaited when the recipient was accepted and the content is about to go out: from then on a
        lost connection is UNCERTAIN, because the server may have taken the mail.
        """
        try:  # First: what can't be written must not look like a lost mail.
            content = self._content(mail)
        except Uncomposable as error:
            return SendResult(Outcome.REFUSED, str(error))
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
            return SendResult(outcome, f"{error.code} {error.message}"[:500])
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            detail = f"{type(error).__name__}: {error}".rstrip(": ")[:500]
            return SendResult(Outcome.UNCERTAIN if transmitting else Outcome.TRY_AGAIN, detail)
        finally:
            client.close()
        return SendResult(Outcome.ACCEPTED)

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

    def _content(self, mail: Mail) -> bytes:
        return compose(mail, sender_name=self._server.sender_name, sender_address=self._server.sender_address)
