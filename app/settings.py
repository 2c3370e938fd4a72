"""Configuration: the only place that reads the environment. Frozen once read."""

import os
import re
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.addresses import DEFAULT_PORTS, UNWRITABLE, check_network, check_origin, checked_address, is_host
from app.logs import LogFormat
from app.secret_files import SecretFileUnusable, secret_of
from gateways.smtp import SmtpServer, Tls
from rules import texts
from rules.errors import Refusal
from rules.links import Portals

_STRIPE_KEY: Final = re.compile(r"(sk|rk)_(test|live)_.")
_WEBHOOK_SECRET: Final = re.compile(r"whsec_.")
KEY_LENGTH_MIN: Final = 32


class Settings(BaseSettings):
    """One deployment's configuration, from environment variables of the same names in upper case."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    database_url: SecretStr = Field(description="PostgreSQL, as postgres://user:password@host/name.")
    redis_url: SecretStr = Field(description="Redis or Valkey, as redis://host:6379/0.")
    signing_key: SecretStr = Field(min_length=KEY_LENGTH_MIN, description="Signs access tokens and document addresses.")
    signing_keys: SecretStr = Field(
        SecretStr(""), description="Keys that sign in place of SIGNING_KEY, comma-separated, newest first."
    )
    stripe_api_key: SecretStr = Field(description="The secret key of the Stripe platform account.")
    stripe_base_url: str = Field("https://api.stripe.com", description="Where Stripe's API is.")
    stripe_requests_per_second: int = Field(
        0, ge=0, le=100_000, description="What Stripe allows an account; 0 for what it documents, 100 live and 25 test."
    )
    stripe_webhook_secret: SecretStr = Field(
        SecretStr(""), description="Verifies webhooks at /webhooks/stripe; empty to rely on polling alone."
    )
    smtp_host: str = Field(description="The mail server that takes our mails.")
    smtp_port: int = Field(587, ge=1, le=65_535, description="Its port.")
    smtp_tls: Tls = Field(Tls.STARTTLS, description="implicit, starttls (required, not opportunistic) or none.")
    smtp_username: str = Field("", description="Empty if the mail server asks for none.")
    smtp_password: SecretStr = Field(SecretStr(""), description="Empty if the mail server asks for none.")
    mail_from: str = Field(description="The address that mails come from.")
    mail_from_name: str = Field("Inspectpay", description="The name that mails come from.")
    public_url: str = Field(description="Where this API is reached from outside.")
    client_portal_url: str = Field(
        "", description="The client portal; a link's token is added as the fragment. Our own /portal if empty."
    )
    payment_portal_url: str = Field(
        "", description="The payment portal; a link's token is added as the fragment. Our own /pay if empty."
    )
    staff_app_url: str = Field("", description="The inspectors' frontend. Our own /app if empty.")
    allowed_origins: str = Field(
        "", description="Frontends that may call the API and read documents and exports, comma-separated."
    )
    explorer: bool = Field(False, description="Serve GraphiQL and allow introspection: for development.")
    trusted_documents: str = Field(
        "", description="The file with the documents that frontends name by documentId; empty for none."
    )
    trusted_documents_only: bool = Field(False, description="Run no other documents: for production.")
    database_pool_size: int = Field(8, ge=2, le=100, description="Connections per process.")
    reading_pool_size: int = Field(4, ge=1, le=100, description="Connections per process for queries, besides.")
    worker_concurrency: int = Field(
        16, ge=1, le=200, description="How many mails, and how many payments, a worker works on at a time."
    )
    trusted_proxies: str = Field("127.0.0.1", description="Whose X-Forwarded-For is believed, comma-separated.")
    metrics_port: int = Field(0, ge=0, le=65_535, description="Where Prometheus reads /metrics; 0 for nowhere.")
    metrics_host: str = Field(
        "127.0.0.1", description="The address that METRICS_PORT is on: not one the world reaches."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="DEBUG, INFO, WARNING or ERROR."
    )
    log_format: LogFormat = Field(LogFormat.JSON, description="json, one object a line, or readable.")

    @model_validator(mode="before")
    @classmethod
    def _sign_with_newest(cls, given: dict[str, object]) -> dict[str, object]:
        """The newest of SIGNING_KEYS is the signing key; access tokens that older ones signed stay good."""
        keys = given.get("signing_keys") or ""
        listed = _listed(keys.get_secret_value() if isinstance(keys, SecretStr) else str(keys))
        return {**given, "signing_key": listed[0]} if listed else given

    @field_validator("signing_keys")
    @classmethod
    def _check_signing_keys(cls, value: SecretStr) -> SecretStr:
        if any(len(key) < KEY_LENGTH_MIN for key in _listed(value.get_secret_value())):
            raise ValueError(f"each must have at least {KEY_LENGTH_MIN} characters")
        return value

    @field_validator("database_url")
    @classmethod
    def _check_database_url(cls, value: SecretStr) -> SecretStr:
        return SecretStr(checked_address(value.get_secret_value(), "postgres", "postgresql"))

    @field_validator("redis_url")
    @classmethod
    def _check_redis_url(cls, value: SecretStr) -> SecretStr:
        return SecretStr(checked_address(value.get_secret_value(), "redis", "rediss", "unix"))

    @field_validator("public_url", "stripe_base_url")
    @classmethod
    def _check_web_address(cls, value: str) -> str:
        return checked_address(value, "https", "http")

    @field_validator("client_portal_url", "payment_portal_url", "staff_app_url")
    @classmethod
    def _check_frontend_address(cls, value: str) -> str:
        return checked_address(value, "https", "http") if value else value

    @field_validator("stripe_api_key")
    @classmethod
    def _check_stripe_api_key(cls, value: SecretStr) -> SecretStr:
        key = value.get_secret_value()
        if key.startswith("pk_"):
            raise ValueError("is a publishable key; it must be the secret one, which begins with sk_ or rk_")
        if not _STRIPE_KEY.match(key) or UNWRITABLE.search(key):
            raise ValueError(
                "must be a secret or restricted key: it begins with sk_live_, rk_live_, sk_test_ or rk_test_"
            )
        return value

    @field_validator("stripe_webhook_secret")
    @classmethod
    def _check_stripe_webhook_secret(cls, value: SecretStr) -> SecretStr:
        secret = value.get_secret_value()
        if secret and (not _WEBHOOK_SECRET.match(secret) or UNWRITABLE.search(secret)):
            raise ValueError("must be the signing secret of the webhook endpoint, which begins with whsec_")
        return value

    @field_validator("smtp_host")
    @classmethod
    def _check_smtp_host(cls, value: str) -> str:
        if not is_host(value):
            raise ValueError("must be a host's name or address alone, without scheme or port")
        return value

    @field_validator("mail_from")
    @classmethod
    def _check_mail_from(cls, value: str) -> str:
        try:
            return texts.email_address(value, field="it")
        except Refusal:
            raise ValueError("must be one email address, such as billing@example.com") from None

    @field_validator("mail_from_name")
    @classmethod
    def _check_mail_from_name(cls, value: str) -> str:
        try:
            return texts.line(value, field="it", length_max=200)
        except Refusal:
            raise ValueError("must be one line of at most 200 characters") from None

    @field_validator("allowed_origins")
    @classmethod
    def _check_allowed_origins(cls, value: str) -> str:
        for origin in _listed(value):
            check_origin(origin)
        return value

    @field_validator("trusted_documents_only")
    @classmethod
    def _check_trusted_documents_only(cls, value: bool, info: ValidationInfo) -> bool:
        if value and not info.data.get("trusted_documents"):
            raise ValueError("without TRUSTED_DOCUMENTS nothing could be run at all")
        if value and info.data.get("explorer"):
            raise ValueError("together with EXPLORER, whose documents are in no file")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _check_trusted_proxies(cls, value: str) -> str:
        for proxy in _listed(value):
            if proxy != "*":
                check_network(proxy)
        return value

    @property
    def portals(self) -> Portals:
        """Where the frontends live."""
        return Portals(
            payment_url=self.payment_portal_url or self._page("pay"),
            client_url=self.client_portal_url or self._page("portal"),
            staff_url=self.staff_app_url or self._page("app"),
            public_url=self.public_url.rstrip("/"),
        )

    @property
    def smtp_server(self) -> SmtpServer:
        """The mail server with who mails come from."""
        return SmtpServer(
            host=self.smtp_host,
            port=self.smtp_port,
            tls=self.smtp_tls,
            username=self.smtp_username or None,
            password=self.smtp_password.get_secret_value() or None,
            sender_name=self.mail_from_name,
            sender_address=self.mail_from,
        )

    @property
    def address_keys(self) -> list[str]:
        """What signs addresses and proves them, newest first."""
        return _listed(self.signing_keys.get_secret_value()) or [self.signing_key.get_secret_value()]

    @property
    def origins(self) -> list[str]:
        """The frontends that may call the API."""
        return _listed(self.allowed_origins)

    @property
    def own_origin(self) -> str:
        """The origin of our own pages, as browsers write it: they call the API too."""
        parts = urlsplit(self.public_url)
        port = "" if parts.port in (None, DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
        host = parts.hostname or ""
        return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}"

    def _page(self, name: str) -> str:
        return f"{self.public_url.rstrip('/')}/{name}"


class SettingsInvalid(Exception):
    """Variables that are missing or can't be used: one sentence for each, without its value."""


def read_settings() -> Settings:
    """The configuration from the environment. Raises SettingsInvalid, naming each variable at fault."""
    try:
        return Settings(**_secrets_of_files())
    except SecretFileUnusable as unusable:
        raise SettingsInvalid(str(unusable)) from None
    except ValidationError as invalid:
        raise SettingsInvalid("\n".join(_sentence(error["loc"][0], error) for error in invalid.errors())) from None


def _secrets_of_files() -> dict[str, Any]:
    """The secrets whose files are named; the environment gives the rest. Any: pydantic checks them."""
    secrets = [name for name, field in Settings.model_fields.items() if field.annotation is SecretStr]
    return {name: secret_of(name.upper()) for name in secrets if os.environ.get(f"{name.upper()}_FILE")}


def _listed(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]


def _sentence(name: object, error: ErrorDetails) -> str:
    variable, meaning = str(name).upper(), Settings.model_fields[str(name)].description
    if error["type"] == "missing":
        return f"{variable} is not set: {meaning}"
    reason = error["msg"].removeprefix("Value error, ")
    return f"{variable} can't be used ({reason[0].lower()}{reason[1:]}): {meaning}"
