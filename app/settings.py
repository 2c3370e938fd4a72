"""Configuration: the only place that reads the environment. Frozen once read."""

from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.logs import LogFormat
from gateways.smtp import SmtpServer, Tls
from rules.links import Portals


class Settings(BaseSettings):
    """One deployment's configuration, from environment variables of the same names in upper case."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    database_url: SecretStr = Field(description="PostgreSQL, as postgres://user:password@host/name.")
    redis_url: SecretStr = Field(description="Redis or Valkey, as redis://host:6379/0.")
    signing_key: SecretStr = Field(min_length=32, description="Signs access tokens and document addresses.")
    stripe_api_key: SecretStr = Field(description="The secret key of the Stripe platform account.")
    stripe_base_url: str = Field("https://api.stripe.com", description="Where Stripe's API is.")
    stripe_webhook_secret: SecretStr = Field(
        SecretStr(""), description="Verifies webhooks at /webhooks/stripe; empty to rely on polling alone."
    )
    smtp_host: str = Field(description="The mail server that takes our mails.")
    smtp_port: int = Field(587, description="Its port.")
    smtp_tls: Tls = Field(Tls.STARTTLS, description="implicit, starttls (required, not opportunistic) or none.")
    smtp_username: str = Field("", description="Empty if the mail server asks for none.")
    smtp_password: SecretStr = Field(SecretStr(""), description="Empty if the mail server asks for none.")
    mail_from: str = Field(description="The address that mails come from.")
    mail_from_name: str = Field("Inspectpay", description="The name that mails come from.")
    public_url: str = Field(description="Where this API is reached from outside.")
    client_portal_url: str = Field(description="The client portal; a link's token is added as the fragment.")
    payment_portal_url: str = Field(description="The payment portal; a link's token is added as the fragment.")
    staff_app_url: str = Field("", description="The inspectors' frontend; the API's own address if empty.")
    allowed_origins: str = Field("", description="Addresses of the frontends that may call the API, comma-separated.")
    explorer: bool = Field(False, description="Serve GraphiQL and allow introspection: for development.")
    database_pool_size: int = Field(8, ge=2, le=100, description="Connections per process.")
    trusted_proxies: str = Field("127.0.0.1", description="Whose X-Forwarded-For is believed, comma-separated.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="DEBUG, INFO, WARNING or ERROR."
    )
    log_format: LogFormat = Field(LogFormat.JSON, description="json, one object a line, or readable.")

    @field_validator("database_url")
    @classmethod
    def _check_database_url(cls, value: SecretStr) -> SecretStr:
        return SecretStr(checked_address(value.get_secret_value(), "postgres", "postgresql"))

    @field_validator("redis_url")
    @classmethod
    def _check_redis_url(cls, value: SecretStr) -> SecretStr:
        return SecretStr(checked_address(value.get_secret_value(), "redis", "rediss", "unix"))

    @field_validator("public_url", "client_portal_url", "payment_portal_url", "stripe_base_url")
    @classmethod
    def _check_web_address(cls, value: str) -> str:
        return checked_address(value, "https", "http")

    @field_validator("staff_app_url")
    @classmethod
    def _check_staff_app_url(cls, value: str) -> str:
        return checked_address(value, "https", "http") if value else value

    @property
    def portals(self) -> Portals:
        """Where the frontends live."""
        return Portals(
            payment_url=self.payment_portal_url,
            client_url=self.client_portal_url,
            staff_url=self.staff_app_url or self.public_url,
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
    def origins(self) -> list[str]:
        """The frontends that may call the API."""
        return [origin.strip() for origin in self.allowed_origins.split(",") if origin.strip()]


class SettingsInvalid(Exception):
    """Variables that are missing or can't be used: one sentence for each, without its value."""


def read_settings() -> Settings:
    """The configuration from the environment. Raises SettingsInvalid, naming each variable at fault."""
    try:
        return Settings()  # type: ignore[call-arg] # The environment gives the rest.
    except ValidationError as invalid:
        raise SettingsInvalid("\n".join(_sentence(error["loc"][0], error) for error in invalid.errors())) from None


def checked_address(value: str, *schemes: str) -> str:
    """The address, unless it is of another scheme; no part of it is told, because it may hold a password."""
    try:
        parts = urlsplit(value)
    except ValueError:
        raise ValueError("is no address") from None
    if parts.scheme not in schemes or "#" in value:
        raise ValueError(f"must be an address that begins with {' or '.join(f'{scheme}://' for scheme in schemes)}")
    return value


def _sentence(name: object, error: Any) -> str:
    variable, meaning = str(name).upper(), Settings.model_fields[str(name)].description
    if error["type"] == "missing":
        return f"{variable} is not set: {meaning}"
    reason = error["msg"].removeprefix("Value error, ")
    return f"{variable} can't be used ({reason[0].lower()}{reason[1:]}): {meaning}"
