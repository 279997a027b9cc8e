"""The settings as a typed value, and what is wrong with each of them. Reads nothing; see loader.py."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import unquote, urlsplit

from pydantic import Field, SecretStr, StringConstraints, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.languages import channel_languages
from bot.redaction import is_telling
from bot.settings.env_file import MARKS, needs_percent_encoding, unquoted
from bot.web_addresses import is_inside

_WEBHOOK_SECRET = re.compile(r"whsec_[A-Za-z0-9+/]{32,}={0,2}")
_SLACK_TEAM = re.compile(r"T[A-Z0-9]{2,}")
_SLACK_CHANNEL = re.compile(r"[CGD][A-Z0-9]{2,}")

# What begins with it, and where that belongs.
_MIXED_UP = {
    "xoxb-": "this is the bot token, which belongs in SLACK_BOT_TOKEN",
    "xapp-": "this is the app-level token, which belongs in SLACK_APP_TOKEN",
    "xoxp-": "this is a user's token, which Keydesk does not take",
    "xoxe": "this is a rotating token, which Keydesk does not take; switch token rotation off",
}

Text = Annotated[str, StringConstraints(strip_whitespace=True)]


class Settings(BaseSettings):
    """What an operator can say. Names are the environment's; each field says what it is for."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8-sig",  # editors on Windows begin a file with a byte order mark
        extra="ignore",
        frozen=True,
        case_sensitive=True,
        env_ignore_empty=True,
    )

    slack_bot_token: SecretStr = Field(alias="SLACK_BOT_TOKEN", description="Bot token of the Slack app (xoxb-…).")
    slack_signing_secret: SecretStr = Field(
        alias="SLACK_SIGNING_SECRET", description="Signing secret of the Slack app (Basic Information)."
    )
    slack_app_token: SecretStr | None = Field(
        None, alias="SLACK_APP_TOKEN", description="App-level token (xapp-…). Present: Socket Mode. Absent: HTTP."
    )
    slack_team_id: Text | None = Field(
        None,
        alias="SLACK_TEAM_ID",
        description="Id of the workspace that is served (T…); needed by an org-wide install alone.",
    )
    slack_api_url: Text = Field(
        "https://slack.com/api/", alias="SLACK_API_URL", description="Base of Slack's Web API; for emulators."
    )
    cometapi_access_token: SecretStr = Field(
        alias="COMETAPI_ACCESS_TOKEN", description="Personal access token of the gateway account, sent raw."
    )
    cometapi_base_url: Text = Field(
        "https://api.cometapi.com", alias="COMETAPI_BASE_URL", description="The gateway: scheme and host, no path."
    )
    cometapi_user_id: Text | None = Field(
        None, alias="COMETAPI_USER_ID", description="Numeric user id, sent as New-Api-User to self-hosted new-api."
    )
    database_url: Text = Field(
        "sqlite:///keydesk.sqlite", alias="DATABASE_URL", description="sqlite:///FILE (relative) or postgresql://…"
    )
    keydesk_policy: Path = Field(Path("policy.toml"), alias="KEYDESK_POLICY", description="The policy file.")
    keydesk_channel: Text = Field(
        alias="KEYDESK_CHANNEL", description="Id of the channel for requests and confirmations (C…)."
    )
    keydesk_security_channel: Text | None = Field(
        None, alias="KEYDESK_SECURITY_CHANNEL", description="Id of the channel for alerts; default: KEYDESK_CHANNEL."
    )
    keydesk_units_per_usd: int = Field(
        500_000, alias="KEYDESK_UNITS_PER_USD", gt=0, description="Quota units in one US dollar."
    )
    keydesk_language: Text = Field(
        "en",
        alias="KEYDESK_LANGUAGE",
        description="Language of channel posts: en, zh-Hant, zh-Hans, ar; for one channel alone: en,C0TEAM=ar.",
    )
    keydesk_channel_noise: Literal["all", "thread", "digest"] = Field(
        "all",
        alias="KEYDESK_CHANNEL_NOISE",
        description="Results that needed no approval: all = a message each; thread = in the thread of one message a "
        "day; digest = lines of one message a day.",
    )
    keydesk_anchor_channel: Text | None = Field(
        None,
        alias="KEYDESK_ANCHOR_CHANNEL",
        description="Id of a channel that gets the record's length and last hash once a day; absent: none.",
    )
    otel_endpoint: Text | None = Field(
        None, alias="OTEL_EXPORTER_OTLP_ENDPOINT", description="OpenTelemetry collector (OTLP over HTTP); absent: none."
    )
    port: int = Field(3000, alias="PORT", ge=1, le=65535, description="HTTP port.")
    keydesk_host: Text = Field("0.0.0.0", alias="KEYDESK_HOST", description="Address the HTTP port is bound to.")
    keydesk_commands_per_minute: int = Field(
        60,
        alias="KEYDESK_COMMANDS_PER_MINUTE",
        ge=1,
        le=1_000_000,
        description="Commands and clicks of one person in a minute; more are left out, with a kind word. Four times as "
        "many stop keys.",
    )
    keydesk_open_requests: int = Field(
        20,
        alias="KEYDESK_OPEN_REQUESTS",
        ge=1,
        le=1_000_000,
        description="Requests of one person that may wait for a decision at a time.",
    )
    keydesk_metrics_port: int = Field(
        9464, alias="KEYDESK_METRICS_PORT", ge=1, le=65535, description="Operators' port."
    )
    keydesk_metrics_host: Text = Field("127.0.0.1", alias="KEYDESK_METRICS_HOST", description="Address of that port.")
    keydesk_alert_secret_generic: SecretStr | None = Field(
        None, alias="KEYDESK_ALERT_SECRET_GENERIC", description="Shared secret of POST /alerts/generic."
    )
    keydesk_alert_secret_github: SecretStr | None = Field(
        None, alias="KEYDESK_ALERT_SECRET_GITHUB", description="Webhook secret of POST /alerts/github."
    )
    github_token: SecretStr | None = Field(None, alias="GITHUB_TOKEN", description="Fetches secrets of GitHub alerts.")
    keydesk_alert_token_gitlab: SecretStr | None = Field(
        None, alias="KEYDESK_ALERT_TOKEN_GITLAB", description="Token of POST /alerts/gitlab (token revocation API)."
    )
    keydesk_alert_secret_gitguardian: SecretStr | None = Field(
        None, alias="KEYDESK_ALERT_SECRET_GITGUARDIAN", description="Signature token of POST /alerts/gitguardian."
    )
    keydesk_alert_token_alertmanager: SecretStr | None = Field(
        None, alias="KEYDESK_ALERT_TOKEN_ALERTMANAGER", description="Bearer token of POST /alerts/alertmanager."
    )

    keydesk_pagerduty_token: SecretStr | None = Field(
        None, alias="KEYDESK_PAGERDUTY_TOKEN", description="Read-only API key of PagerDuty, for roles with a schedule."
    )
    keydesk_pagerduty_url: Text = Field(
        "https://api.pagerduty.com",
        alias="KEYDESK_PAGERDUTY_URL",
        description="Base of PagerDuty's REST API; https://api.eu.pagerduty.com for accounts in Europe.",
    )
    keydesk_webhook_url: Text | None = Field(
        None, alias="KEYDESK_WEBHOOK_URL", description="Gets a signed POST per line of the record; absent: none."
    )
    keydesk_webhook_secret: SecretStr | None = Field(
        None,
        validate_default=True,
        alias="KEYDESK_WEBHOOK_SECRET",
        description="Signs them: whsec_ and base64; two with a space between while one replaces the other.",
    )

    @model_validator(mode="before")
    @classmethod
    def _without_quotes(cls, values: Any) -> Any:
        if not isinstance(values, Mapping):
            return values
        return {name: unquoted(value) if isinstance(value, str) else value for name, value in values.items()}

    @field_validator("*", mode="before")
    @classmethod
    def _no_mark_is_left(cls, value: Any) -> Any:
        if isinstance(value, str) and (value[:1] in MARKS or value[-1:] in MARKS):
            raise ValueError("has a quotation mark at one end; write the value without it")
        return value

    @field_validator(
        "slack_bot_token",
        "slack_signing_secret",
        "cometapi_access_token",
        "slack_app_token",
        "github_token",
        "keydesk_pagerduty_token",
    )
    @classmethod
    def _secret_is_usable(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        text = value.get_secret_value().strip()
        if text.lower().startswith(("bearer ", "token ")):
            raise ValueError(f"write the bare token, without “{text.split()[0]}”")
        if not text or not text.isascii() or not text.isprintable() or " " in text:
            raise ValueError("is empty or holds characters no such secret has")
        return SecretStr(text)

    @field_validator("slack_bot_token")
    @classmethod
    def _bot_token(cls, value: SecretStr) -> SecretStr:
        return _starts_with(value, "xoxb-", "the bot token starts with xoxb- (OAuth & Permissions)", _MIXED_UP)

    @field_validator("slack_app_token")
    @classmethod
    def _app_token(cls, value: SecretStr | None) -> SecretStr | None:
        hint = "the app-level token starts with xapp- (Basic Information, scope connections:write)"
        return None if value is None else _starts_with(value, "xapp-", hint, _MIXED_UP)

    @field_validator("cometapi_access_token")
    @classmethod
    def _access_token(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        if text.startswith("sk-"):
            raise ValueError("this is a model key (sk-…); the personal access token is in Console > Personal Settings")
        if text.startswith(tuple(_MIXED_UP)):
            raise ValueError("this is a Slack token; the personal access token is in Console > Personal Settings")
        return value

    @field_validator("keydesk_webhook_secret")
    @classmethod
    def _webhook_secrets(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if value is None and info.data.get("keydesk_webhook_url") is not None:
            raise ValueError("is missing; it signs what KEYDESK_WEBHOOK_URL gets")
        if value is not None and not all(_WEBHOOK_SECRET.fullmatch(one) for one in value.get_secret_value().split()):
            raise ValueError("must be whsec_ and at least 24 bytes in base64: echo whsec_$(openssl rand -base64 32)")
        return value

    @field_validator("keydesk_channel", "keydesk_security_channel", "keydesk_anchor_channel")
    @classmethod
    def _channel_id(cls, value: str | None) -> str | None:
        if value is not None and not _SLACK_CHANNEL.fullmatch(value):
            raise ValueError("is not a channel id such as C0123ABCD (channel details, at the bottom)")
        return value

    @field_validator("keydesk_language")
    @classmethod
    def _known_language(cls, value: str) -> str:
        channel_languages(value)
        return value

    @field_validator("slack_team_id")
    @classmethod
    def _workspace_id(cls, value: str | None) -> str | None:
        if value is not None and not _SLACK_TEAM.fullmatch(value):
            raise ValueError("is not the id of a workspace such as T0123ABCD (in the address of its page)")
        return value

    @field_validator("slack_api_url", "cometapi_base_url", "keydesk_pagerduty_url")
    @classmethod
    def _url(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("is not a URL such as https://host")
        if parts.scheme == "http" and not is_inside(parts.hostname):
            raise ValueError("sends a secret, so it must be https (http is for this machine and private networks)")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("must be scheme and host only, without user, query or fragment")
        return value

    @field_validator("slack_api_url")
    @classmethod
    def _slack_base_ends_with_a_slash(cls, value: str) -> str:
        return value if value.endswith("/") else value + "/"

    @field_validator("keydesk_pagerduty_url")
    @classmethod
    def _pagerduty_has_no_path(cls, value: str) -> str:
        if urlsplit(value).path.strip("/"):
            raise ValueError("must not have a path: the client adds /oncalls itself")
        return value.rstrip("/")

    @field_validator("cometapi_base_url")
    @classmethod
    def _gateway_has_no_path(cls, value: str) -> str:
        if urlsplit(value).path.strip("/"):
            raise ValueError("must not have a path: the client adds /api/token/ itself")
        return value.rstrip("/")

    @field_validator("cometapi_user_id")
    @classmethod
    def _numeric(cls, value: str | None) -> str | None:
        if value is not None and not (value.isascii() and value.isdigit()):
            raise ValueError("is not a number; it is the numeric user id of the gateway account")
        return value

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        if not value.startswith(("sqlite:///", "postgresql://", "postgres://")):
            raise ValueError("must begin with sqlite:/// or postgresql://")
        if value.startswith("sqlite:"):
            return value
        if needs_percent_encoding(value):
            raise ValueError(
                "the user name or the password holds a character that must be percent-encoded:"
                " @ as %40, / as %2F, # as %23, ? as %3F, : as %3A, % as %25"
            )
        _refuse_no_url(value)
        # Heroku and others write postgres://.
        return "postgresql://" + value.removeprefix("postgres://") if value.startswith("postgres://") else value

    @field_validator("keydesk_webhook_url")
    @classmethod
    def _webhook(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("is not a URL such as https://host/path")
        if parts.scheme == "http" and not is_inside(parts.hostname):
            raise ValueError("tells who did what, so it must be https (http is for this machine and private networks)")
        return value

    @property
    def security_channel(self) -> str:
        """Id of the channel that alerts are posted to."""
        return self.keydesk_security_channel or self.keydesk_channel

    def alert_secrets(self) -> dict[str, SecretStr]:
        """Source of alerts → its shared secret, of the sources that have one."""
        named = {
            "generic": self.keydesk_alert_secret_generic,
            "github": self.keydesk_alert_secret_github,
            "gitlab": self.keydesk_alert_token_gitlab,
            "gitguardian": self.keydesk_alert_secret_gitguardian,
            "alertmanager": self.keydesk_alert_token_alertmanager,
        }
        return {source: secret for source, secret in named.items() if secret is not None}

    def webhook_secrets(self) -> tuple[SecretStr, ...]:
        """The signing secrets of outgoing events that are alive."""
        held = self.keydesk_webhook_secret
        return () if held is None else tuple(SecretStr(one) for one in held.get_secret_value().split())

    def secrets(self) -> tuple[str, ...]:
        """Every secret value held here, to be hidden in logs, rows and messages."""
        values = (getattr(self, name) for name in type(self).model_fields)
        held = (value.get_secret_value() for value in values if isinstance(value, SecretStr))
        return (*held, *(one.get_secret_value() for one in self.webhook_secrets()), *_password(self.database_url))


def _refuse_no_url(value: str) -> None:
    """Raise ValueError without a word of `value`, where the library's own error may repeat a part of it."""
    try:
        _ = urlsplit(value).port
    except ValueError:
        sentence = "is no URL: its host or its port is wrong; write postgresql://user:password@host:5432/name"
        raise ValueError(sentence) from None


def _password(url: str) -> tuple[str, ...]:
    """The password in a database URL, as it is written and as the server knows it; nothing where there is none."""
    written = urlsplit(url).password
    return () if not written or not is_telling(written) else tuple(dict.fromkeys((written, unquote(written))))


def _starts_with(value: SecretStr, prefix: str, hint: str, others: Mapping[str, str]) -> SecretStr:
    text = value.get_secret_value()
    if not text.startswith(prefix):
        found = next((what for begin, what in others.items() if text.startswith(begin)), None)
        raise ValueError(f"{found}; {hint}" if found else hint)
    return value
