"""Stops an embedded PostgreSQL once nobody uses it; a detached script, so it imports the standard library only."""

import fcntl
import os
import signal
import socket
import sys
import time

STOP_SECONDS_MAX = 10.0
PORT = 5432  # Names the socket file; the server listens on no TCP port.


def read_postmaster(directory: str) -> tuple[int, str] | None:
    """The process id and socket directory that a server wrote down, or None when there is no server's note."""
    try:
        with open(os.path.join(directory, "postmaster.pid"), encoding="utf-8") as file:  # noqa: PTH118, PTH123
            lines = file.read().splitlines()
    except OSError:
        return None
    return (int(lines[0]), lines[4].strip()) if len(lines) > 4 else None


def is_answering(socket_dir: object) -> bool:
    """Whether a server accepts connections in that directory; the file of a dead server refuses them."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        try:
            client.connect(f"{socket_dir}/.s.PGSQL.{PORT}")
        except OSError:
            return False
    return True


def stop_server(directory: str) -> None:
    """Stop the server on that directory and wait until it is gone. Safe to repeat."""
    postmaster = read_postmaster(directory)
    if postmaster is None or not is_answering(postmaster[1]):
        return
    process_id, socket_dir = postmaster
    # SIGINT is PostgreSQL's fast shutdown, SIGQUIT the immediate one.
    for kind, patience in ((signal.SIGINT, STOP_SECONDS_MAX), (signal.SIGQUIT, STOP_SECONDS_MAX / 2)):
        try:
            os.kill(process_id, kind)
        except ProcessLookupError:
            break
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and read_postmaster(directory):
            time.sleep(0.01)
        if read_postmaster(directory) is None:
            break
    _remove_own_socket_dir(directory, socket_dir)


def _remove_own_socket_dir(directory: str, socket_dir: str) -> None:
    """A socket directory outside of the data directory was made for this one server."""
    if os.path.realpath(socket_dir) != os.path.realpath(directory) and "inspectpay-" in socket_dir:
        try:
            os.rmdir(socket_dir)  # noqa: PTH106
        except OSError:
            return  # Not empty: a server that came up meanwhile uses it.


def main(data_dir: str, directory: str) -> None:
    """Detach, wait until every user has gone, stop the server."""
    if os.fork():
        os._exit(0)
    keeper = os.open(f"{data_dir}/keeper.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(keeper, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return  # One is enough.
    users = os.open(f"{data_dir}/users.lock", os.O_RDWR)
    fcntl.flock(users, fcntl.LOCK_EX)
    stop_server(directory)
    # In this order: whoever comes now waits for `users`, and must then be able to leave a keeper of their own.
    os.close(keeper)
    os.close(users)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
