"""The command line: what each command says, writes and refuses, always in a sentence and never with a traceback."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import models
from app.commands import snapshots
from app.commands.database import unreachable_database_refused
from app.settings import Settings, SettingsInvalid, read_settings
from sandbox import postgres
from tests.app import processes
from tests.sandbox_servers import Servers
from tests.world import World

COMPANY = ["company", "create", "--name", "Lakeside", "--owner-name", "Olivia", "--owner-email", "olivia@lake.test"]
SECRET = "hunter2-in-clear"
COMPLETE = {
    "DATABASE_URL": f"postgres://user:{SECRET}@127.0.0.1:1/none",
    "REDIS_URL": f"redis://:{SECRET}@127.0.0.1:1/0",
    "SIGNING_KEY": SECRET * 3,
    "STRIPE_API_KEY": f"sk_test_{SECRET}",
    "SMTP_HOST": "127.0.0.1",
    "MAIL_FROM": "billing@inspectpay.test",
    "PUBLIC_URL": "https://api.inspectpay.test",
    "CLIENT_PORTAL_URL": "https://client.inspectpay.test",
    "PAYMENT_PORTAL_URL": "https://pay.inspectpay.test",
}


def test_help_names_every_command_with_a_sentence() -> None:
    shown = processes.run("--help")
    assert shown.returncode == 0
    for name in ("serve", "worker", "migrate", "schema", "access", "company"):
        assert re.search(rf"^\W*{name}\s+\S", shown.stdout, re.MULTILINE), name


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_a_missing_configuration_is_named_variable_by_variable(command: str) -> None:
    refused = processes.run(command, environment={"DATABASE_URL": COMPLETE["DATABASE_URL"]})
    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr
    for name in COMPLETE.keys() - {"DATABASE_URL", "CLIENT_PORTAL_URL", "PAYMENT_PORTAL_URL"}:
        assert f"{name} is not set: " in refused.stderr
    assert "DATABASE_URL is not set" not in refused.stderr
    assert SECRET not in refused.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", f"mysql://user:{SECRET}@host/name"),
        ("DATABASE_URL", f"postgres://[{SECRET}/name"),
        ("REDIS_URL", f"http://:{SECRET}@host"),
        ("SIGNING_KEY", "too-short-hunter2"),
        ("SMTP_TLS", f"maybe-{SECRET}"),
        ("SMTP_PORT", f"port-{SECRET}"),
        ("PUBLIC_URL", f"ftp://{SECRET}"),
        ("PAYMENT_PORTAL_URL", f"https://pay.inspectpay.test/#{SECRET}"),
        ("LOG_LEVEL", f"loud-{SECRET}"),
        ("DATABASE_POOL_SIZE", "1"),
        ("DATABASE_URL", f"postgres://user:{SECRET}@host:{SECRET}/name"),
        ("DATABASE_URL", f"postgres:{SECRET}"),
        ("MAIL_FROM", "notmail-hunter2"),
        ("MAIL_FROM", "Billing <hunter2@inspectpay.test>"),
        ("MAIL_FROM", "hunter2@inspectpay.test, b@inspectpay.test"),
        ("MAIL_FROM", "hunter2@inspectpay.test\r\nBcc: b@inspectpay.test"),
        ("MAIL_FROM", ""),
        ("MAIL_FROM_NAME", "hunter2\r\nBcc: b@inspectpay.test"),
        ("STRIPE_API_KEY", "pk_live_hunter2"),
        ("STRIPE_API_KEY", "pk_test_hunter2"),
        ("STRIPE_API_KEY", "sk_hunter2"),
        ("STRIPE_API_KEY", "sk_live_"),
        ("STRIPE_API_KEY", "whsec_hunter2"),
        ("STRIPE_API_KEY", " sk_live_hunter2"),
        ("STRIPE_API_KEY", "sk_live_hunter2\n"),
        ("STRIPE_API_KEY", "sk_live_hunter2 sk_live_other"),
        ("STRIPE_API_KEY", ""),
        ("STRIPE_WEBHOOK_SECRET", "sk_live_hunter2"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_hunter2\n"),
        ("STRIPE_BASE_URL", "https://user:hunter2@api.stripe.com"),
        ("ALLOWED_ORIGINS", "not-an-origin-hunter2"),
        ("ALLOWED_ORIGINS", "*"),
        ("ALLOWED_ORIGINS", "null"),
        ("ALLOWED_ORIGINS", "https://hunter2.example.com/"),
        ("ALLOWED_ORIGINS", "https://hunter2.example.com/app"),
        ("ALLOWED_ORIGINS", "https://hunter2.example.com?x=1"),
        ("ALLOWED_ORIGINS", "https://Hunter2.example.com"),
        ("ALLOWED_ORIGINS", "https://hunter2.example.com:443"),
        ("ALLOWED_ORIGINS", "https://hunter2.example.com:"),
        ("ALLOWED_ORIGINS", "https://hunter2.example.com:none"),
        ("ALLOWED_ORIGINS", "https://*.hunter2.example.com"),
        ("ALLOWED_ORIGINS", "https://user@hunter2.example.com"),
        ("ALLOWED_ORIGINS", "https://a.example.com https://hunter2.example.com"),
        ("ALLOWED_ORIGINS", "https://a.example.com, hunter2.example.com"),
        ("ALLOWED_ORIGINS", "ftp://hunter2.example.com"),
        ("ALLOWED_ORIGINS", "https://"),
        ("PUBLIC_URL", "https://"),
        ("PUBLIC_URL", "https:hunter2"),
        ("PUBLIC_URL", "https://hunter2 .example.com"),
        ("PUBLIC_URL", "https://hunter2.example.com\n"),
        ("CLIENT_PORTAL_URL", "hunter2.example.com"),
        ("STAFF_APP_URL", "https://hunter2.example.com:port"),
        ("SMTP_HOST", "smtp://hunter2.example.com"),
        ("SMTP_HOST", "hunter2.example.com:587"),
        ("SMTP_HOST", "hunter2 .example.com"),
        ("SMTP_HOST", ""),
        ("SMTP_PORT", "0"),
        ("SMTP_PORT", "65536"),
        ("TRUSTED_PROXIES", "hunter2.example.com"),
        ("TRUSTED_PROXIES", "10.0.0.1, hunter2"),
        ("TRUSTED_PROXIES", "10.0.0.1/8"),
    ],
)
def test_an_invalid_variable_is_named_without_its_value(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for each, good in COMPLETE.items():
        monkeypatch.setenv(each, good)
    assert read_settings().smtp_host == "127.0.0.1"
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsInvalid, match=f"^{name} can't be used") as refused:
        read_settings()
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STRIPE_API_KEY", "rk_live_51H8xY2Abc"),
        ("STRIPE_WEBHOOK_SECRET", ""),
        ("STRIPE_BASE_URL", "http://127.0.0.1:8001"),
        ("ALLOWED_ORIGINS", ""),
        ("ALLOWED_ORIGINS", "https://a.example.com, http://localhost:5173,http://127.0.0.1:8000 ,"),
        ("ALLOWED_ORIGINS", "http://[::1]:8000"),
        ("PUBLIC_URL", "https://example.com/inspectpay/"),
        ("CLIENT_PORTAL_URL", "https://example.com/portal?lang=en"),
        ("STAFF_APP_URL", ""),
        ("CLIENT_PORTAL_URL", ""),
        ("PAYMENT_PORTAL_URL", ""),
        ("SMTP_HOST", "mail_relay"),
        ("SMTP_HOST", "::1"),
        ("MAIL_FROM", "billing+us@mail.example.com"),
        ("MAIL_FROM_NAME", "Gebäude-Prüfung, Köln"),
        ("TRUSTED_PROXIES", "*"),
        ("TRUSTED_PROXIES", ""),
        ("TRUSTED_PROXIES", "10.0.0.0/8, 127.0.0.1,::1"),
        ("DATABASE_URL", "postgresql:///inspectpay?host=/run/postgresql"),
        ("REDIS_URL", "unix:///run/valkey.sock?db=0"),
    ],
)
def test_what_deployments_use_is_accepted(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No check of a variable refuses what works."""
    for each, good in COMPLETE.items():
        monkeypatch.setenv(each, good)
    monkeypatch.setenv(name, value)
    read_settings()


def test_settings_do_not_show_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for each, good in COMPLETE.items():
        monkeypatch.setenv(each, good)
    assert SECRET not in repr(read_settings())


def test_a_stale_snapshot_fails_and_says_what_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "ROOT", tmp_path)
    path = tmp_path / "schema.graphql"
    with pytest.raises(SystemExit) as refused:
        snapshots.snapshot("new\n", path, check=True, write=False, make="schema")
    assert refused.value.code == 1
    snapshots.snapshot("new\n", path, check=False, write=True, make="schema")
    snapshots.snapshot("new\n", path, check=True, write=False, make="schema")
    path.write_text("old\n")
    with pytest.raises(SystemExit):
        snapshots.snapshot("new\n", path, check=True, write=False, make="schema")


def test_a_model_without_its_migration_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Run apart, because it looks at models that are not ours."""
    script = (
        "from tortoise import fields\n"
        "import models\n"
        "models.Person._meta.add_field('nickname', fields.CharField(max_length=9, null=True))\n"
        "from app.commands.database import check_migrations\n"
        "check_migrations()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=processes.ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "nickname" in done.stderr
    assert "makemigrations" in done.stderr


def test_company_is_created_once_and_refusals_are_sentences(servers: Servers, tmp_path: Path) -> None:
    name = f"commands_{tmp_path.name.replace('-', '_')}"
    url = postgres.create_database(servers.database_url, name)
    environment = {"DATABASE_URL": url, "OWNER_PASSWORD": SECRET}
    try:
        early = processes.run(*COMPANY, "--currency", "USD", environment=environment)
        assert (early.returncode, early.stdout) == (2, "")
        assert "Run `python -m app migrate` first" in early.stderr
        for _ in range(2):
            assert processes.run("migrate", environment=environment).returncode == 0
        wrong = processes.run(*COMPANY, "--currency", "XXX", environment=environment)
        assert wrong.returncode == 2
        assert wrong.stderr.startswith("currency must be one of ")
        made = processes.run(*COMPANY, "--currency", "usd", environment=environment)
        assert made.returncode == 0, made.stderr
        again = processes.run(*COMPANY, "--currency", "USD", environment=environment)
        assert (again.returncode, again.stderr) == (2, "email belongs to a user already.\n")
        short = processes.run(*COMPANY, "--currency", "USD", environment={**environment, "OWNER_PASSWORD": "short"})
        assert short.stderr == "password must have 10 to 200 characters.\n"
        assert all(SECRET not in done.stdout + done.stderr for done in (early, wrong, made, again))
    finally:
        postgres.drop_database(url, name)


def test_a_database_that_is_away_is_a_sentence_without_its_password() -> None:
    refused = processes.run("migrate", environment={"DATABASE_URL": COMPLETE["DATABASE_URL"]})
    assert refused.returncode == 2
    assert "The database can't be used" in refused.stderr
    assert SECRET not in refused.stderr
    assert "Traceback" not in refused.stderr


async def test_rows_that_break_a_rule_are_not_told_as_a_wrong_address(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """A migration that meets rows which break its new rule names the table and the rule, and shows no row."""
    with pytest.raises(SystemExit), unreachable_database_refused():
        await models.Company.create(id=world.company_key, name=SECRET, currency="USD", time_zone="UTC")
    told = capsys.readouterr().err
    assert told.startswith("Rows of the table companies break its rule companies_pkey")
    assert "DATABASE_URL" not in told
    assert SECRET not in told


def test_without_a_sandbox_commands_say_what_is_missing(tmp_path: Path) -> None:
    """What a production image says: it has no sandbox/ and none of its wheels."""
    image = tmp_path / "image"
    image.mkdir()
    for layer in (
        "app",
        "workers",
        "schema",
        "resolvers",
        "operations",
        "gateways",
        "models",
        "rules",
        "graphql_server",
    ):
        (image / layer).symlink_to(processes.ROOT / layer)
    for arguments, sentence in {
        ("migrate",): "DATABASE_URL is not set",
    }.items():
        done = subprocess.run(
            [sys.executable, "-m", "app", *arguments],
            cwd=image,
            env=processes.clean(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 2, done.stderr
        assert sentence in done.stderr
        assert "Traceback" not in done.stderr


def test_every_variable_has_a_meaning() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
