"""`schema` and `access`: what the API says and who may read it, printed, written or checked."""

from pathlib import Path

from app.commands.outcomes import fail, refuse

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "schema" / "schema.graphql"
ACCESS = ROOT / "schema" / "access.txt"


def print_schema() -> str:
    """The SDL of the API."""
    from schema.root import build_api

    return build_api().as_str().rstrip() + "\n"


def print_access() -> str:
    """The matrix of fields and scopes."""
    from graphql_server.access import format_matrix
    from schema.root import build_api

    api = build_api()
    return format_matrix(api.matrix, api.scopes)


def snapshot(text: str, path: Path, *, check: bool, write: bool, make: str) -> None:
    """Print `text`; or write it to `path`; or fail unless `path` holds it already, saying which `make` writes it."""
    name = path.relative_to(ROOT)
    if check and write:
        refuse("Give --check or --write, not both.")
    if write:
        path.write_text(text, encoding="utf-8")
        print(f"Wrote {name}.")
    elif not check:
        print(text, end="")
    elif not path.exists() or path.read_text(encoding="utf-8") != text:
        fail(f"{name} is not what the code says. Run `make {make}`, look at the difference, and commit it.")
    else:
        print(f"{name} is up to date.")
