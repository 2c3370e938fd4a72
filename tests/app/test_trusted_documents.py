"""The manifest of trusted documents: written by a command, checked, and read when the API starts."""

import json
from pathlib import Path

import httpx
import pytest

from app.server import create_app
from app.settings import SettingsInvalid, read_settings
from app.trusted_documents import read_manifest
from graphql_server.trusted_documents import ManifestInvalid, document_id
from tests.app import processes
from tests.app.test_commands import COMPLETE
from tests.world import World

HELLO = "query Hello { viewer { __typename } }"
BOTH = "query Payer { viewer { ... on PayerViewer { invoice { number } } } }"


def test_the_command_writes_what_the_api_reads(tmp_path: Path) -> None:
    """Documents of files and folders, in one order whatever that of the files; with --check, what differs fails."""
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "payer.graphql").write_text(BOTH)
    (tmp_path / "hello.graphql").write_text(HELLO)
    manifest = tmp_path / "documents.json"
    asked = ["documents", str(tmp_path / "pages"), str(tmp_path / "hello.graphql"), "--manifest", str(manifest)]
    assert processes.run(*asked, "--check").returncode == 1
    assert processes.run(*asked).returncode == 0
    assert processes.run(*asked, "--check").returncode == 0
    assert json.loads(manifest.read_text()) == {document_id(text): text for text in (HELLO, BOTH)}
    assert read_manifest(str(manifest), alone=True).texts.keys() == {document_id(HELLO), document_id(BOTH)}
    (tmp_path / "hello.graphql").write_text("query Hello { viewr { __typename } }")
    refused = processes.run(*asked)
    assert (refused.returncode, "hello.graphql: Cannot query field 'viewr'" in refused.stderr) == (1, True)
    assert "Traceback" not in refused.stderr
    missing = processes.run("documents", str(tmp_path / "nowhere"))
    assert missing.returncode == 2


@pytest.mark.parametrize("content", ["", "[]", "{", '{"a": 1}', json.dumps({document_id(HELLO): BOTH}), "\udcff"])
def test_a_file_that_is_no_manifest_is_told_by_its_name(tmp_path: Path, content: str) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(content, errors="surrogateescape")
    with pytest.raises(ManifestInvalid, match=r"manifest\.json"):
        read_manifest(str(path), alone=False)
    with pytest.raises(ManifestInvalid, match=r"absent\.json"):
        read_manifest(str(tmp_path / "absent.json"), alone=False)


def test_a_manifest_at_fault_keeps_the_api_from_starting(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    path.write_text("[]")
    refused = processes.run("serve", environment={**COMPLETE, "TRUSTED_DOCUMENTS": str(path)})
    assert refused.returncode == 2
    assert "TRUSTED_DOCUMENTS can't be used: " in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("further", [{}, {"TRUSTED_DOCUMENTS": "manifest.json", "EXPLORER": "true"}])
def test_they_stand_alone_with_a_manifest_and_without_the_explorer(
    monkeypatch: pytest.MonkeyPatch, further: dict[str, str]
) -> None:
    for name, value in {**COMPLETE, "TRUSTED_DOCUMENTS_ONLY": "true", **further}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsInvalid, match=r"^TRUSTED_DOCUMENTS_ONLY can't be used"):
        read_settings()


async def test_the_real_api_runs_nothing_else(world: World, tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({document_id(HELLO): HELLO}))
    changes = {"explorer": False, "trusted_documents": str(path), "trusted_documents_only": True}
    app = create_app(world.settings.model_copy(update=changes), held=world.held)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://api.inspectpay.test") as http:
        trusted = await http.post("/graphql", json={"documentId": document_id(HELLO)})
        assert (trusted.status_code, trusted.json()) == (200, {"data": {"viewer": None}})
        for query in (HELLO, "{ viewer { __typename } }", "{ __schema { types { name } } }"):
            refused = await http.post("/graphql", json={"query": query})
            assert refused.status_code == 400
            assert refused.json()["errors"][0]["extensions"]["code"] == "PERSISTED_DOCUMENT_REQUIRED"
