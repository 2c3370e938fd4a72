"""The mailbox's SMTP side: takes every mail for everybody, unless a fault says otherwise."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from sandbox.mailbox.faults import Faults
from sandbox.mailbox.messages import MESSAGE_BYTES_MAX, Messages

HOSTNAME = "mailbox.localhost"  # Given, because looking up our own name may take seconds without a network.
ACCEPTED = "250 2.0.0 OK"


class Handler:
    """What aiosmtpd asks at each stage of a dialogue; the replies are SMTP's."""

    def __init__(self, messages: Messages, faults: Faults) -> None:
        self.messages = messages
        self.faults = faults

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, mail_options: list[str]
    ) -> str:
        await self.faults.hang("mail")
        if refusal := self.faults.refusal("mail"):
            return refusal
        envelope.mail_from = address
        envelope.mail_options.extend(mail_options)
        return ACCEPTED

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, rcpt_options: list[str]
    ) -> str:
        await self.faults.hang("rcpt")
        if refusal := self.faults.refusal("rcpt"):
            return refusal
        envelope.rcpt_tos.append(address)
        return ACCEPTED

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        await self.faults.hang("data")
        if refusal := self.faults.refusal("data"):
            return refusal
        drop = self.faults.take("drop", "data")
        if drop is None or drop.stored:
            content = envelope.original_content or b""
            self.messages.add(sender=envelope.mail_from or "", recipients=envelope.rcpt_tos, raw=content)
        if drop is not None:
            await _vanish(server)
        return ACCEPTED


class Server(SMTP):
    """One connection; slow to greet when a fault says so."""

    async def _handle_client(self) -> None:
        await self.event_handler.faults.hang("connect")
        await super()._handle_client()


async def _vanish(server: SMTP) -> None:
    """Close the connection and never come back to answer: its loss cancels whoever waits here."""
    transport: Any = server.transport
    transport.abort()
    await asyncio.Event().wait()


@asynccontextmanager
async def listening(messages: Messages, faults: Faults, *, host: str, port: int) -> AsyncIterator[None]:
    """Take mails on that address inside the block."""
    loop = asyncio.get_running_loop()
    handler = Handler(messages, faults)

    def connection() -> Server:
        return Server(
            handler, hostname=HOSTNAME, data_size_limit=MESSAGE_BYTES_MAX, enable_SMTPUTF8=True, timeout=300, loop=loop
        )

    server = await loop.create_server(connection, host, port)
    try:
        yield
    finally:
        server.close()
