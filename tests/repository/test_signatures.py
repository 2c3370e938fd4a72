"""What functions take and return is said by their types: where Any stands in a signature, it is said why."""

import ast
from pathlib import Path

import pytest

from tests.repository.test_repository import ROOT, python_files

TYPED = ("operations", "gateways", "rules")


def untyped_functions(source: str) -> list[str]:
    """The functions in whose signatures Any stands, also inside of another type, without a word of why."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            annotations = [each.annotation for each in ast.walk(node.args) if isinstance(each, ast.arg)]
            written = [ast.unparse(each) for each in (*annotations, node.returns) if each is not None]
            if any(
                isinstance(part, ast.Name) and part.id == "Any"
                for text in written
                for part in ast.walk(ast.parse(text))
            ):
                reason = ast.get_docstring(node) or ""
                if "Any" not in reason and "# Any" not in (ast.get_source_segment(source, node) or ""):
                    found.append(node.name)
    return found


@pytest.mark.parametrize("folder", TYPED)
def test_signatures_say_what_they_take(folder: str) -> None:
    """A function of these folders says what it takes and returns, or why it can't."""
    found = {path: untyped_functions(path.read_text(encoding="utf-8")) for path in python_files(folder)}
    assert {str(Path(path).relative_to(ROOT)): names for path, names in found.items() if names} == {}


def test_any_is_found_wherever_it_hides() -> None:
    said = "def said(a: Any) -> None:  # Any: of a library.\n    pass\n"
    source = f"def one(a: dict[str, Any]) -> None: ...\ndef two(*a: int, **b: Any): ...\ndef three(a: int): ...\n{said}"
    assert untyped_functions(source) == ["one", "two"]
