"""How commands end: with a sentence on standard error instead of a traceback."""

import sys
from typing import NoReturn


def refuse(sentence: str) -> NoReturn:
    """End with status 2: what was asked for can't be done, and the sentence says what to do about it."""
    print(sentence, file=sys.stderr)
    raise SystemExit(2)


def fail(sentence: str) -> NoReturn:
    """End with status 1: something is not as it has to be."""
    print(sentence, file=sys.stderr)
    raise SystemExit(1)
