"""That the benchmarks run, and that both sides answer alike; no time is judged here."""

import re
import subprocess
import sys

import pytest

from sandbox.process import ROOT


@pytest.mark.parametrize(("subcommand", "measures"), [("reads", 6), ("writes", 2)])
def test_both_endpoints_answer_alike_and_are_measured(subcommand: str, measures: int) -> None:
    tiny = ["--inspections", "100", "--rounds", "1", "--seconds", "0.2"]
    command = [sys.executable, "-m", "benchmarks", subcommand, *tiny]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    equal, _, *rows = done.stdout.splitlines()
    assert re.fullmatch(r"[1-9]\d* answers are equal\.", equal)
    assert len(rows) == measures
    assert all(row.split()[-1] == "0" for row in rows), "some requests failed"


@pytest.mark.parametrize(("subcommand", "measures"), [("overload", 9), ("size", 3)])
def test_the_api_alone_is_measured(subcommand: str, measures: int) -> None:
    tiny = ["--inspections", "100", "--rounds", "1", "--seconds", "0.2"]
    command = [sys.executable, "-m", "benchmarks", subcommand, *tiny]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=180)
    assert done.returncode == 0, done.stderr
    rows = [row for row in done.stdout.splitlines() if row.strip()[0].isalpha() and "answers/s" not in row]
    assert len(rows) == measures
    if subcommand == "overload":
        assert all(row.split()[-1] == "0" for row in rows), "whatever was not answered was told that we are busy"


def test_lists_are_measured_in_a_small_data_set_and_a_large_one() -> None:
    command = [sys.executable, "-m", "benchmarks", "lists", "--small", "20", "--inspections", "80", "--rounds", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=180)
    assert done.returncode == 0, done.stderr
    head, *rows = done.stdout.splitlines()
    assert head.split() == ["milliseconds", "20", "80", "ratio"]
    assert len(rows) > 50
    assert all(float(row.split()[-1]) > 0 for row in rows)


@pytest.mark.parametrize(
    ("subcommand", "sizes", "words"),
    [
        ("mails", ["--rounds", "1", "--mails", "60"], ["bare pool", "one worker", "one worker / bare", "two workers"]),
        ("polling", ["--rounds", "1", "--payments", "60"], ["one worker", "two workers"]),
        ("watchers", ["--watchers", "20", "--changes", "10"], ["20 watchers", "slowest"]),
    ],
)
def test_workers_and_watchers_are_measured(subcommand: str, sizes: list[str], words: list[str]) -> None:
    """They run and end; everything they were given was done."""
    command = [sys.executable, "-m", "benchmarks", subcommand, "--inspections", "100", *sizes]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=180)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == len(words)
    assert all(line.startswith(word) for line, word in zip(lines, words, strict=True))
