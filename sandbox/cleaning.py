"""Removes the directory of demos and databases, unless one of them is in use; a script of the standard library only."""

import fcntl
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

DEMO, DATABASE = "demo.lock", "users.lock"


def clean(directory: Path) -> None:
    """Remove the directory. Raises InUse, and removes nothing, while a demo or a database below it is at work."""
    with ExitStack() as held:  # Until all is gone, so that nobody starts in the meantime.
        for lock in _locks(directory):
            file = held.enter_context(lock.open())
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise InUse(_sentence(lock)) from None
        if directory.exists():
            shutil.rmtree(directory)


class InUse(Exception):
    """Somebody works with what was to be removed; the sentence says who."""


def _locks(directory: Path) -> Iterator[Path]:
    for name in (DEMO, DATABASE):
        yield from sorted(directory.rglob(name))


def _sentence(lock: Path) -> str:
    if lock.name == DEMO:
        number = lock.read_text(encoding="utf-8").strip() or "unknown"
        return f"A demo is running on {lock.parent} (process {number}). Stop it first; nothing was removed."
    return f"Another command is using the database in {lock.parent}. Wait until it ends; nothing was removed."


def main() -> int:
    """Clean the directory that is named, and say why not."""
    try:
        clean(Path(sys.argv[1]))
    except InUse as in_use:
        sys.stderr.write(f"{in_use}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
