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


def test_every_path_that_the_glossary_names_exists() -> None:
    """`docs/glossary.md` says where each word lives, and it lives there."""
    rows = [line for line in (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines() if "`" in line]
    named = {path for row in rows for path in re.findall(r"`([a-z_]+/[\w./]*)`", row)}
    assert named
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_every_step_of_the_architecture_page_exists() -> None:
    """`docs/architecture.md` names real files, and what it says is in them."""
    steps = re.findall(r"`([a-z_/]+\.py)::(\w+)`", (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8"))
    assert len(steps) >= 25
    for path, name in steps:
        source = (ROOT / path).read_text(encoding="utf-8")
        assert re.search(rf"^(?:async def |def |class )?{name}\b", source, re.MULTILINE), f"{path} has no {name}"
