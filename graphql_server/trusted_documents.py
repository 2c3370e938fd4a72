"""Trusted documents: those that clients name by their hash instead of sending them, as the draft's appendix has it.

GraphQL over HTTP, appendix "Persisted Documents": https://github.com/graphql/graphql-over-http/blob/main/spec/.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from graphql import OperationDefinitionNode, parse

from graphql_server.errors import ErrorCode
from graphql_server.http.requests import BadRequest, GraphQLRequest

PREFIX: Final = "sha256:"
_HASH: Final = re.compile(r"[0-9a-f]{64}")


class ManifestInvalid(Exception):
    """A manifest that is not one; the message is a sentence."""


def document_id(text: str) -> str:
    """What the draft calls a SHA256 hex document identifier."""
    return PREFIX + hashlib.sha256(text.encode()).hexdigest()


class TrustedDocuments:
    """The documents of a manifest, by id. With `alone`, no other document is accepted.

    Raises ManifestInvalid unless each id is its text's. The prefix may be left out, as tools for frontends write it.
    """

    def __init__(self, manifest: Mapping[str, str] | None = None, *, alone: bool = False) -> None:
        self.alone = alone
        self.texts = {_checked_id(name, text): text for name, text in (manifest or {}).items()}

    @property
    def operation_names(self) -> frozenset[str]:
        """The names of all their operations."""
        nodes = [node for text in self.texts.values() for node in parse(text).definitions]
        return frozenset(node.name.value for node in nodes if isinstance(node, OperationDefinitionNode) and node.name)

    def resolved(self, asked: GraphQLRequest) -> GraphQLRequest:
        """The request with the document that it names, or as it is. Raises BadRequest."""
        if asked.document_id is not None:
            text = self.texts.get(asked.document_id)
            if text is None:
                said = "The server has no document of this documentId."
                raise BadRequest(400, said, ErrorCode.PERSISTED_DOCUMENT_NOT_FOUND)
            return replace(asked, query=text)
        if self.alone:
            said = "The server runs trusted documents alone: send documentId in place of query."
            raise BadRequest(400, said, ErrorCode.PERSISTED_DOCUMENT_REQUIRED)
        return asked


def _checked_id(name: str, text: str) -> str:
    digest = name.removeprefix(PREFIX)
    if not _HASH.fullmatch(digest):
        raise ManifestInvalid(f"{name[:80]} is no id: it must be sha256: and 64 digits in lower case.")
    if document_id(text) != PREFIX + digest:
        raise ManifestInvalid(f"{name} is not the hash of its document.")
    return PREFIX + digest
