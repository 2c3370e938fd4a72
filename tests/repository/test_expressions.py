"""No regular expression of the product takes more than a look at what it reads, whatever a stranger wrote there."""

import re
import time

import pytest

from tests.repository.test_repository import LAYERS, ROOT, python_files

PUMPED = 1_000
"""Times that a text is repeated: what is cubic in it takes a second, what is linear a few microseconds."""

SECONDS_MAX = 0.02


def expressions() -> dict[str, re.Pattern[str]]:
    """Each pattern that a module of the product keeps, by where it is kept."""
    found: dict[str, re.Pattern[str]] = {}
    for path in python_files(*LAYERS):
        if "re.compile(" not in path.read_text(encoding="utf-8"):
            continue
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        module = __import__(name, fromlist=["_"])
        kept = {key: value for key, value in vars(module).items() if isinstance(value, re.Pattern)}
        assert kept, f"{name} compiles an expression that this test does not see: keep it in the module"
        found |= {f"{name}.{key}": value for key, value in kept.items()}
    return found


EXPRESSIONS = expressions()


def pumps(pattern: str) -> list[str]:
    """What may be repeated to make a search go back and forth: what the pattern is made of, and the usual."""
    own = sorted({character for character in pattern if not character.isalnum() and character not in "()?[]*+|\\"})
    singles = ["a", "0", " ", *own]
    return [*singles, *("a" + other for other in singles if other != "a")]


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_an_expression_is_linear(name: str) -> None:
    """Long texts that an expression almost fits are told apart at once (section 6)."""
    expression = EXPRESSIONS[name]
    repeated = pumps(expression.pattern)
    for pump in repeated:
        for opening in ("", *(other * 2 for other in repeated if len(other) == 1)):
            text = opening + pump * PUMPED + "\x01"
            started = time.thread_time()
            expression.fullmatch(text)
            expression.sub("", text)
            assert time.thread_time() - started < SECONDS_MAX, (opening, pump)


@pytest.mark.parametrize("directory", LAYERS)
def test_expressions_are_kept_where_they_can_be_tried(directory: str) -> None:
    """Nobody writes an expression in passing, where the test above does not see it."""
    for path in python_files(directory):
        said = re.findall(r"\bre\.(?:sub|match|search|fullmatch|split|findall|finditer)\(", path.read_text("utf-8"))
        assert not said, path
