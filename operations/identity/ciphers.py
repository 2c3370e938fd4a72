"""Secrets that have to be read again, which hashing would not allow: encrypted with what SIGNING_KEYS lists."""

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from hashlib import sha256

from cryptography.fernet import Fernet, MultiFernet


class Cipher:
    """Encrypts for the database; with the newest of the keys, and reads what the others encrypted.

    Fernet is AES-128 in CBC mode with HMAC-SHA-256: what was tampered with is refused with InvalidToken.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._fernet = MultiFernet([Fernet(_derived(key)) for key in keys])

    def encrypt(self, text: str) -> str:
        """Another text each time; reading it takes one of the keys."""
        return self._fernet.encrypt(text.encode()).decode()

    def decrypt(self, encrypted: str) -> str:
        """The text. Raises cryptography.fernet.InvalidToken where no key fits."""
        return self._fernet.decrypt(encrypted.encode()).decode()


def _derived(key: str) -> bytes:
    """A key for this purpose alone: SIGNING_KEYS hold 32 characters of chance or more, and sign other things too."""
    return urlsafe_b64encode(sha256(f"encrypting stored secrets:{key}".encode()).digest())
