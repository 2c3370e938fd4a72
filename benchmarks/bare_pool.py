"""The measure of mails: ready messages, handed over by as many aiosmtplib clients as a worker has, and nothing else."""

import asyncio
import sys
import time

import aiosmtplib
import uvloop

from benchmarks.counterparts import HOST
from benchmarks.sweeping import DOCUMENT
from gateways.mail_bytes import Attachment, Mail, compose
from operations.documents.invoice_document import data_as_pdf

SENDER = "billing@example.com"


async def _ready_message() -> bytes:
    """A mail as the worker writes it for the benchmark's rows."""
    pdf = Attachment("Invoice.pdf", "application/pdf", await data_as_pdf(DOCUMENT))
    mail = Mail(
        "Bob", "bob@example.test", "Invoice", "Text of a mail", "<p>Text of a mail</p>", "<1@example.com>", (pdf,)
    )
    return compose(mail, sender_name="Inspectpay", sender_address=SENDER)


async def _send(port: int, mails: int, connections: int) -> float:
    message = await _ready_message()
    left = iter(range(mails))

    async def one() -> None:
        async with aiosmtplib.SMTP(hostname=HOST, port=port, start_tls=False) as client:
            for _ in left:
                await client.mail(SENDER)
                await client.rcpt("bob@example.test")
                await client.data(message)

    started = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(connections)))
    return mails / (time.perf_counter() - started)


if __name__ == "__main__":
    port, mails, connections = (int(each) for each in sys.argv[1:])
    sys.stdout.write(str(uvloop.run(_send(port, mails, connections))))
