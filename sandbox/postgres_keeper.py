"""Stops an embedded PostgreSQL once nobody uses it; a detached script, so it imports the standard library only."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time

STOP_SECONDS_MAX = 10.0
ANSWER_SECONDS_MAX = 5.0
ENCRYPTION_REQUEST = bytes([0, 0, 0, 8, 4, 210, 22, 47])  # SSLRequest; the answer is one letter, yes or no.
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
    """Whether a live server answers in that directory.

    A connection alone proves nothing: the kernel still accepts some for a server that was just killed.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(ANSWER_SECONDS_MAX)
        try:
            client.connect(f"{socket_dir}/.s.PGSQL.{PORT}")
            client.sendall(ENCRYPTION_REQUEST)
            return client.recv(1) in (b"S", b"N")
        except OSError:
            return False


def is_server(process_id: int, directory: object) -> bool:
    """Whether that process is a live PostgreSQL on that directory, and neither a zombie nor any other program."""
    try:
        with open(f"/proc/{process_id}/cmdline", "rb") as file:  # noqa: PTH123
            command = file.read()  # Empty for a zombie.
    except FileNotFoundError:
        if os.path.exists("/proc/self"):  # noqa: PTH110
            return False
        ps = ["ps", "-p", str(process_id), "-o", "command="]  # macOS has no /proc.
        command = subprocess.run(ps, capture_output=True, check=False).stdout
    return os.fsencode(str(directory)) in command


def stop_server(directory: str) -> None:
    """Stop the server on that directory and wait until it is gone. Safe to repeat."""
    postmaster = read_postmaster(directory)
    if postmaster is None:
        return
    process_id, socket_dir = postmaster
    # SIGINT is PostgreSQL's fast shutdown, SIGQUIT the immediate one.
    for kind, patience in ((signal.SIGINT, STOP_SECONDS_MAX), (signal.SIGQUIT, STOP_SECONDS_MAX / 2)):
        if not is_server(process_id, directory):
            break
        try:
            os.kill(process_id, kind)
        except ProcessLookupError:
            break
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and is_server(process_id, directory):
            time.sleep(0.01)
    _remove_own_socket_dir(directory, socket_dir)


def _remove_own_socket_dir(directory: str, socket_dir: str) -> None:
    """A socket directory outside of the data directory was made for this one server."""
    if os.path.basename(socket_dir).startswith("inspectpay-") and os.path.isdir(socket_dir):  # noqa: PTH112, PTH119
        for name in (f".s.PGSQL.{PORT}", f".s.PGSQL.{PORT}.lock"):  # What a killed server leaves.
            if os.path.exists(f"{socket_dir}/{name}"):  # noqa: PTH110
                os.unlink(f"{socket_dir}/{name}")  # noqa: PTH108
        os.rmdir(socket_dir)  # noqa: PTH106


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
