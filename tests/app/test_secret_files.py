"""Secrets out of files."""

from pathlib import Path

import pytest

from app.commands.database import database_url
from app.settings import Settings, SettingsInvalid, read_settings
from tests.app.test_commands import COMPLETE, SECRET


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in COMPLETE.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_every_secret_may_come_from_a_file(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As mounted by an orchestrator; the last line break, which editors write, is no part of the secret."""
    expected = read_settings()
    secrets = [name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)]
    assert {"database_url", "signing_key", "smtp_password"} <= set(secrets)
    for name in secrets:
        if value := getattr(expected, name).get_secret_value():
            (tmp_path / name).write_text(f"{value}\n")
            environment.delenv(name.upper())
            environment.setenv(f"{name.upper()}_FILE", str(tmp_path / name))
    assert read_settings() == expected
    with database_url(tmp_path) as url:
        assert url == expected.database_url.get_secret_value()


def test_what_is_wrong_with_a_file_is_a_sentence(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment.setenv("SIGNING_KEY_FILE", str(tmp_path / "none"))
    with pytest.raises(SettingsInvalid, match=r"^SIGNING_KEY and SIGNING_KEY_FILE are both set"):
        read_settings()
    environment.delenv("SIGNING_KEY")
    with pytest.raises(SettingsInvalid, match=r"^SIGNING_KEY_FILE can't be read \(No such file or directory\)\.$"):
        read_settings()
    (tmp_path / "none").write_text(SECRET[:8])
    with pytest.raises(SettingsInvalid, match=r"^SIGNING_KEY can't be used") as refused:
        read_settings()
    assert SECRET[:8] not in str(refused.value)
