"""The command that starts the simulator: `python -m sandbox.stripe --port 8002`."""

import argparse
import asyncio
import socket
import sys
import threading
from pathlib import Path

import uvicorn

from sandbox.stripe.persistence import StateUnreadable
from sandbox.stripe.server import build_app


def main() -> None:
    options = _parser().parse_args()
    if bool(options.webhook_url) != bool(options.webhook_secret):
        sys.exit("Give both --webhook-url and --webhook-secret, or neither.")
    try:
        app = build_app(
            webhook_url=options.webhook_url,
            webhook_secret=options.webhook_secret,
            keep_bodies=options.keep_bodies,
            state_path=options.state,
        )
    except StateUnreadable as error:
        sys.exit(str(error))
    listening = socket.socket(fileno=options.fd) if options.fd is not None else _listen(options.host, options.port)
    server = uvicorn.Server(uvicorn.Config(app, log_level=options.log_level, timeout_graceful_shutdown=1))
    if options.watch_stdin:
        threading.Thread(target=_stop_with_parent, args=(server,), daemon=True).start()
    asyncio.run(server.serve(sockets=[listening]))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox.stripe", description="A stateful Stripe simulator.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8002, help="port to listen on; 0 chooses a free one")
    parser.add_argument("--fd", type=int, help="an inherited listening socket, instead of --host and --port")
    parser.add_argument("--webhook-url", help="where signed events are posted")
    parser.add_argument("--webhook-secret", help="whsec_… to sign them with")
    parser.add_argument("--keep-bodies", action="store_true", help="keep response bodies in the request log")
    parser.add_argument("--state", type=Path, help="a file that keeps what it knows for the next start")
    parser.add_argument("--watch-stdin", action="store_true", help="stop when standard input ends")
    parser.add_argument("--log-level", default="info", help="uvicorn's log level")
    return parser


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), backlog=2048)
    except OSError as error:
        sys.exit(f"Can't listen on {host}:{port}: {error.strerror}. Choose another --port.")


def _stop_with_parent(server: uvicorn.Server) -> None:
    """Whoever started this process holds the other end of its standard input; its end is their end."""
    while sys.stdin.buffer.read(1):
        pass
    server.should_exit = True


if __name__ == "__main__":
    main()
