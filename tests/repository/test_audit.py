"""The audit of dependencies: it fails on what is known to be vulnerable, and says when nobody could be asked."""

import json
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / ".ci" / "audit_dependencies.py"


@pytest.fixture
def audited(tmp_path: Path) -> Callable[[str], tuple[int, str]]:
    """The script's verdict where pip-audit prints this."""

    def audit(report: str) -> tuple[int, str]:
        printed, command = tmp_path / "report", tmp_path / "pip-audit"
        printed.write_text(report)
        command.write_text(f"#!/bin/sh\ncat {printed}\nexit 1\n")
        command.chmod(0o755)
        script: dict[str, Any] = runpy.run_path(str(SCRIPT))
        script["audit"].__globals__["command"] = lambda: [str(command)]
        verdict: tuple[int, str] = script["audit"]()
        return verdict

    return audit


def test_a_known_vulnerability_fails_the_audit(audited: Callable[[str], tuple[int, str]]) -> None:
    """It names the package, the vulnerability and the version that mends it."""
    found = {"name": "jinja2", "version": "2.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3.1"]}]}
    code, said = audited(json.dumps({"dependencies": [found, {"name": "click", "version": "8.1", "vulns": []}]}))
    assert (code, said) == (1, "jinja2 2.0: PYSEC-1, mended in 3.1")


def test_sound_dependencies_pass_the_audit(audited: Callable[[str], tuple[int, str]]) -> None:
    """A package that pip-audit skipped has no list of vulnerabilities."""
    code, said = audited(json.dumps({"dependencies": [{"name": "click", "skip_reason": "unknown"}]}))
    assert (code, said) == (0, "No dependency of production has a known vulnerability.")


def test_an_audit_that_reaches_nobody_passes_and_says_so(audited: Callable[[str], tuple[int, str]]) -> None:
    """Checks pass without a network."""
    code, said = audited("")
    assert (code, said[:34]) == (0, "Dependencies were not audited: who")
