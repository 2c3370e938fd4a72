"""The manifest of trusted documents: a JSON object of ids and texts, as `python -m app documents` writes it."""

import json
from pathlib import Path

from graphql_server.trusted_documents import ManifestInvalid, TrustedDocuments


def read_manifest(path: str, *, alone: bool) -> TrustedDocuments:
    """The documents of a file; none without a path. Raises ManifestInvalid, in a sentence that names the file."""
    if not path:
        return TrustedDocuments()
    try:
        manifest = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as fault:
        raise ManifestInvalid(f"{path} can't be read as JSON ({type(fault).__name__}).") from None
    if not isinstance(manifest, dict) or not all(isinstance(text, str) for text in manifest.values()):
        raise ManifestInvalid(f'{path} must hold an object like {{"sha256:…": "query …"}}.')
    try:
        return TrustedDocuments(manifest, alone=alone)
    except ManifestInvalid as invalid:
        raise ManifestInvalid(f"{path}: {invalid}") from None


def format_manifest(texts: dict[str, str]) -> str:
    """The file's content, in the order of the ids."""
    return json.dumps(texts, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
