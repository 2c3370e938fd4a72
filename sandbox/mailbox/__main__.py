"""Runs the mailbox by itself: `python -m sandbox.mailbox --port 8001 --smtp-port 8003`."""

import argparse
from pathlib import Path

import uvicorn

from sandbox.mailbox.web import application
from sandbox.process import HOST


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox.mailbox", description="Keep mails and show them.")
    parser.add_argument("--port", type=int, default=8001, help="for the pages and the JSON (8001)")
    parser.add_argument("--smtp-port", type=int, default=8003, help="for the mails (8003)")
    parser.add_argument("--keep", type=Path, help="a directory that keeps the mails for the next start")
    chosen = parser.parse_args()
    app = application(smtp_host=HOST, smtp_port=chosen.smtp_port, kept_in=chosen.keep)
    uvicorn.run(app, host=HOST, port=chosen.port, log_level="warning", timeout_graceful_shutdown=1)


if __name__ == "__main__":
    main()
