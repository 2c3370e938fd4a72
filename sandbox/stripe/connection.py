"""Losing a reply: the connection closes and the client never learns what its request did."""

from typing import Any

from starlette.types import Receive, Send


async def drop(receive: Receive, send: Send) -> None:
    """Close the client's connection without a byte of a reply.

    ASGI has no word for that, so this reaches for the transport of uvicorn's request cycle, whose method `send` is.
    Anything that wraps `send` in between would be a bug here, hence the assertion.
    """
    cycle: Any = getattr(send, "__self__", None)
    assert hasattr(cycle, "transport"), "uvicorn must call the API directly, without middleware around `send`"
    cycle.transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass
