"""Asks whether a locked dependency of production has a known vulnerability, and fails if one has.

It needs pip-audit (`pip install pip-audit`, here or as a command) and the network. Where either is missing it says so
and passes: a check that anybody can run must not depend on whom it can reach.
"""

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

LOCK = Path(__file__).resolve().parents[1] / "requirements" / "production.txt"
SECONDS_MAX = 60
OPTIONS = ("--requirement", str(LOCK), "--require-hashes", "--disable-pip", "--format", "json", "--timeout", "10")


def command() -> list[str] | None:
    """How pip-audit is run here, if it is installed."""
    if importlib.util.find_spec("pip_audit") is not None:
        return [sys.executable, "-m", "pip_audit"]
    found = shutil.which("pip-audit")
    return [found] if found else None


def vulnerabilities(report: str) -> list[str] | None:
    """One sentence for each that pip-audit knows of; None if this is no report, because nobody answered."""
    try:
        dependencies = json.loads(report)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return None
    return [
        f"{each['name']} {each['version']}: {found['id']}, mended in {', '.join(found['fix_versions']) or 'no version'}"
        for each in dependencies
        for found in each.get("vulns", [])
    ]


def audit() -> tuple[int, str]:
    """The exit code, and what to say."""
    auditing = command()
    if auditing is None:
        return 0, "Dependencies were not audited: pip-audit is not installed."
    try:
        ran = subprocess.run(  # noqa: S603 # The command is ours.
            [*auditing, *OPTIONS], capture_output=True, text=True, timeout=SECONDS_MAX, check=False
        )
    except subprocess.TimeoutExpired:
        return 0, "Dependencies were not audited: nobody answered in time."
    found = vulnerabilities(ran.stdout)
    if found is None:
        return 0, "Dependencies were not audited: who knows of vulnerabilities could not be asked."
    return (1, "\n".join(found)) if found else (0, "No dependency of production has a known vulnerability.")


if __name__ == "__main__":
    code, said = audit()
    print(said)  # noqa: T201 # It is a command.
    sys.exit(code)
