"""Cleaning: what nobody uses is removed, what somebody uses stays whole."""

import fcntl
import re
from pathlib import Path

import pytest

from sandbox import cleaning
from sandbox.process import ROOT


def demo_in(directory: Path) -> Path:
    """The files of a demo that has ended."""
    demo = directory / "demo"
    (demo / "postgres").mkdir(parents=True)
    (demo / "demo.lock").write_text("4711")
    (demo / "postgres" / "users.lock").touch()
    return demo


def test_what_nobody_uses_is_removed(tmp_path: Path) -> None:
    """Locks that nobody holds don't keep a directory, and a second cleaning has nothing to do."""
    demo_in(tmp_path / ".data")
    cleaning.clean(tmp_path / ".data")
    cleaning.clean(tmp_path / ".data")
    assert not (tmp_path / ".data").exists()


@pytest.mark.parametrize(
    ("lock", "sentence"),
    [("demo.lock", r"A demo is running on .*demo \(process 4711\)"), ("postgres/users.lock", "using the database in")],
)
def test_what_is_in_use_stays_whole(tmp_path: Path, lock: str, sentence: str) -> None:
    """A running demo, or a database that another command uses, is named and loses nothing."""
    demo = demo_in(tmp_path / ".data")
    before = sorted(tmp_path.rglob("*"))
    with (demo / lock).open() as held:
        fcntl.flock(held, fcntl.LOCK_SH)
        with pytest.raises(cleaning.InUse, match=sentence):
            cleaning.clean(tmp_path / ".data")
    assert sorted(tmp_path.rglob("*")) == before


def test_make_clean_asks_before_it_removes_anything() -> None:
    """`make clean` removes .data only through this program, first of all, and ends when it refuses."""
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\nclean:")[2].splitlines()[1:]
    assert re.fullmatch(r'\t@"\$\(PYTHON\)" sandbox/cleaning.py \.data', recipe[0])
    assert all(".data" not in line for line in recipe[1:])
