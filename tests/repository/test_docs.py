"""What the documents name exists."""

import re

from tests.repository.test_repository import ROOT, python_files

NAMED = re.compile(r"\btest_[a-z0-9_]+")


def test_every_test_that_security_names_exists() -> None:
    """`docs/security.md` says which test holds an attack off, and that test is there (section 6)."""
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    files = python_files("tests")
    there = {path.stem for path in files}
    for path in files:
        there |= set(re.findall(r"^\s*(?:async )?def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE))
    named = {(found[0], text[found.end() : found.end() + 1] == "*") for found in NAMED.finditer(text)}
    assert named
    for name, is_begun in named:
        assert any(each.startswith(name) if is_begun else each == name for each in there), name
