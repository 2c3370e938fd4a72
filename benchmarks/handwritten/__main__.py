"""`python -m benchmarks.handwritten PORT` serves them; DATABASE_URL and SIGNING_KEY are the API's own."""

import os
import sys

import uvicorn

from benchmarks.handwritten.endpoints import app_of


def main() -> None:
    """Serve until stopped, by the same server as the API."""
    app = app_of(os.environ["DATABASE_URL"], signing_key=os.environ["SIGNING_KEY"])
    uvicorn.run(
        app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False, server_header=False
    )


if __name__ == "__main__":
    main()
