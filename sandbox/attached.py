"""Runs one command for as long as its own standard input stays open; a script of the standard library only.

Whoever starts it keeps the other end of that pipe. However they end, SIGKILL included, the pipe closes and the command
is stopped: first asked with SIGTERM, then made to.
"""

import os
import signal
import subprocess
import sys
import threading

STOP_SECONDS_MAX = 5.0


def main() -> int:
    """Run the command of our arguments and return its exit status."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who started us; they close the pipe.
    command = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
    signal.signal(signal.SIGTERM, lambda *_: command.terminate())
    threading.Thread(target=_stop_when_abandoned, args=(command,), daemon=True).start()
    return command.wait()


def _stop_when_abandoned(command: "subprocess.Popen[bytes]") -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    command.terminate()
    try:
        command.wait(STOP_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        command.kill()


if __name__ == "__main__":
    sys.exit(main())
