"""`documents`: write or check the manifest of trusted documents."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from app.commands.outcomes import fail, refuse
from app.trusted_documents import format_manifest
from graphql_server.documents import Documents
from graphql_server.trusted_documents import document_id


def write_manifest(sources: Sequence[Path], manifest: Path, *, check: bool) -> None:
    """Write the documents of these files and folders to the manifest; or fail unless it holds just them."""
    texts = {document_id(text): text for _, text in _checked(sources)}
    if not texts:
        refuse("No .graphql file was found; name files, or folders that hold some.")
    content = format_manifest(texts)
    if not check:
        manifest.write_text(content, encoding="utf-8")
        print(f"Wrote {len(texts)} documents to {manifest}.")
    elif not manifest.exists() or manifest.read_text(encoding="utf-8") != content:
        fail(f"{manifest} does not hold just the documents of these files. Run this without --check to write it.")
    else:
        print(f"{manifest} is up to date.")


def _checked(sources: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    """Each file with its text, which at least one scope may run; ends the command when there is one that none may."""
    from schema.root import build_api

    api = build_api()
    documents = Documents(api.graphql_schema, api.scopes, introspection=False)
    for path in _files(sources):
        text = path.read_text(encoding="utf-8")
        prepared = [documents.prepare(text, scope) for scope in (None, *api.scopes)]
        if not any(each.document is not None for each in prepared):
            fewest = min(prepared, key=lambda each: len(each.errors))
            fail(f"{path}: " + " ".join(str(error["message"]) for error in fewest.errors))
        yield path, text


def _files(sources: Sequence[Path]) -> Iterator[Path]:
    for source in sources:
        if not source.exists():
            refuse(f"{source} does not exist.")
        yield from sorted(source.rglob("*.graphql")) if source.is_dir() else [source]
