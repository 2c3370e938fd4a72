"""SMTP: sends one mail to one recipient and says exactly how that ended."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum, StrEnum

import aiosmtplib

from gateways.mail_bytes import Mail, Uncomposable, compose

DIALOGUE_SECONDS_MAX = 25.0
"""A dialogue and a job may take 30 s; the dialogue ends first, so that its outcome is recorded."""

MAILS_PER_CONNECTION_MAX = 100
"""Servers end a connection that has taken many, at numbers of their own."""

SERVICE_ENDS = 421
"""What a server says that is about to close the connection (RFC 5321, section 3.8), such as an idle one."""


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


class _Stage(IntEnum):
    """How far a dialogue about one mail came."""

    CONNECTING = 0
    HEARD = 1
    TRANSMITTING = 2


@dataclass(slots=True)
class _Connection:
    """A connection to the server, and how many mails it took."""

    client: aiosmtplib.SMTP
    mails: int = 0


@dataclass(slots=True)
class _Dialogue:
    """What was said so far about one mail, and where."""

    stage: _Stage = _Stage.CONNECTING
    connection: _Connection | None = None


class Mailer:
    """Sends mails to one server."""

    def __init__(self, server: SmtpServer) -> None:
        self.server = server

    @property
    def domain(self) -> str:
        """Where mails come from."""
        return self.server.sender_address.rpartition("@")[2]

    @contextmanager
    def session(self) -> Iterator["MailSession"]:
        """Connections that take one mail after the other, for as long as the block runs: none idles for longer."""
        session = MailSession(self.server)
        try:
            yield session
        finally:
            session.close()


class MailSession:
    """Sends mails, as many at a time as there are callers, on connections that are used again.

    One on which anything went wrong is not: a client is unusable after a cancelled send.
    """

    def __init__(self, server: SmtpServer) -> None:
        self._server = server
        self._idle: list[_Connection] = []

    async def send(self, mail: Mail, *, before_data: Callable[[], Awaitable[None]]) -> SendResult:
        """Send one mail; never raises for what a server or network does, nor for a mail that can't be written.

        `before_data` is awaited when the recipient was accepted and the content is about to go out: from then on a
        lost connection is UNCERTAIN, because the server may have taken the mail.
        """
        try:  # First: what can't be written must not look like a lost mail.
            content = compose(mail, sender_name=self._server.sender_name, sender_address=self._server.sender_address)
        except Uncomposable as error:
            return SendResult(Outcome.REFUSED, str(error))
        dialogue = _Dialogue()
        try:
            async with asyncio.timeout(DIALOGUE_SECONDS_MAX):
                await self._transmit(dialogue, mail.to_address, content, before_data)
        except aiosmtplib.SMTPResponseException as error:
            # A server that turns us away before it heard of the mail has not refused the mail.
            refused = dialogue.stage > _Stage.CONNECTING and error.code >= 500
            return SendResult(Outcome.REFUSED if refused else Outcome.TRY_AGAIN, f"{error.code} {error.message}"[:500])
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            detail = f"{type(error).__name__}: {error}".rstrip(": ")[:500]
            uncertain = dialogue.stage is _Stage.TRANSMITTING
            return SendResult(Outcome.UNCERTAIN if uncertain else Outcome.TRY_AGAIN, detail)
        finally:
            if dialogue.connection is not None:
                dialogue.connection.client.close()
        return SendResult(Outcome.ACCEPTED)

    def close(self) -> None:
        """End the connections that wait for another mail."""
        while self._idle:
            self._idle.pop().client.close()

    async def _transmit(
        self, dialogue: _Dialogue, to_address: str, content: bytes, before_data: Callable[[], Awaitable[None]]
    ) -> None:
        await self._begin(dialogue)
        assert dialogue.connection is not None, "begun"
        client = dialogue.connection.client
        await client.rcpt(to_address)
        await before_data()
        dialogue.stage = _Stage.TRANSMITTING
        await client.data(content)
        dialogue.connection.mails += 1
        if dialogue.connection.mails < MAILS_PER_CONNECTION_MAX:
            self._idle.append(dialogue.connection)
            dialogue.connection = None  # It is no longer ours to end.

    async def _begin(self, dialogue: _Dialogue) -> None:
        """Say who the mail is from, on a connection that waits or, where its server has ended it, on a new one."""
        while self._idle:
            dialogue.connection, dialogue.stage = self._idle.pop(), _Stage.HEARD
            try:
                await dialogue.connection.client.mail(self._server.sender_address)
            except (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPResponseException) as error:
                if isinstance(error, aiosmtplib.SMTPResponseException) and error.code != SERVICE_ENDS:
                    raise
                dialogue.connection.client.close()
            else:
                return
        dialogue.connection, dialogue.stage = _Connection(self._client()), _Stage.CONNECTING
        await dialogue.connection.client.connect()
        dialogue.stage = _Stage.HEARD
        await dialogue.connection.client.mail(self._server.sender_address)

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
