"""Secrets out of files, as orchestrators mount them: `NAME_FILE` holds the path of a file with the value of `NAME`."""

import os
from pathlib import Path
from typing import Final

SECRET_BYTES_MAX: Final = 64 * 1024


class SecretFileUnusable(Exception):
    """A file that can't be read, or a secret that is given twice; the message is a sentence without the secret."""


def secret_of(name: str) -> str | None:
    """The value of the variable, or what its file holds without the last line break; None where neither is given.

    Raises SecretFileUnusable.
    """
    given, path = os.environ.get(name), os.environ.get(f"{name}_FILE")
    if not path:
        return given
    if given:
        raise SecretFileUnusable(f"{name} and {name}_FILE are both set; set one of them.")
    try:
        content = Path(path).read_bytes()
        text = content[: SECRET_BYTES_MAX + 1].decode()
    except OSError as fault:
        raise SecretFileUnusable(f"{name}_FILE can't be read ({os.strerror(fault.errno or 0)}).") from None
    except UnicodeDecodeError:
        raise SecretFileUnusable(f"{name}_FILE holds no text.") from None
    if len(content) > SECRET_BYTES_MAX:
        raise SecretFileUnusable(f"{name}_FILE is too long for a secret.")
    return text.removesuffix("\n").removesuffix("\r")
