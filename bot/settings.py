"""Settings: the only reader of the environment (and of `.env`). Everybody else is handed plain values or built objects.

`load` names every missing or wrong setting at once, in a `ConfigurationError`, before anything starts.
"""

import ipaddress
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, get_args
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, StringConstraints, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot.environment import FILE, broken_lines, needs_percent_encoding, secret_file, strays, unquoted, values_in
from bot.errors import ConfigurationError
from bot.policy_file import read_text

_SLACK_CHANNEL = re.compile(r"[CGD][A-Z0-9]{2,}")
# Names that no public name server answers for: of this machine, of a container network, of an office.
_INSIDE = (".local", ".localhost", ".internal", ".lan", ".svc", ".cluster.local", ".home.arpa")

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

    @model_validator(mode="before")
    @classmethod
    def _without_quotes(cls, values: Any) -> Any:
        if not isinstance(values, Mapping):
            return values
        return {name: unquoted(value) if isinstance(value, str) else value for name, value in values.items()}

    @field_validator("slack_bot_token", "slack_signing_secret", "cometapi_access_token", "slack_app_token")
    @classmethod
    def _secret_is_usable(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        text = value.get_secret_value().strip()
        if text.lower().startswith("bearer "):
            raise ValueError("write the bare token, without “Bearer”")
        if text[:1] in _MARKS or text[-1:] in _MARKS:
            raise ValueError("has a quotation mark at one end; write the value without it")
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

    @field_validator("keydesk_channel", "keydesk_security_channel", "keydesk_anchor_channel")
    @classmethod
    def _channel_id(cls, value: str | None) -> str | None:
        if value is not None and not _SLACK_CHANNEL.fullmatch(value):
            raise ValueError("is not a channel id such as C0123ABCD (channel details, at the bottom)")
        return value

    @field_validator("slack_api_url", "cometapi_base_url")
    @classmethod
    def _url(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("is not a URL such as https://host")
        if parts.scheme == "http" and not _is_inside(parts.hostname):
            raise ValueError("sends a secret, so it must be https (http is for this machine and private networks)")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("must be scheme and host only, without user, query or fragment")
        return value

    @field_validator("slack_api_url")
    @classmethod
    def _slack_base_ends_with_a_slash(cls, value: str) -> str:
        return value if value.endswith("/") else value + "/"

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
        # Heroku and others write postgres://.
        return "postgresql://" + value.removeprefix("postgres://") if value.startswith("postgres://") else value

    @property
    def security_channel(self) -> str:
        """Where alerts go."""
        return self.keydesk_security_channel or self.keydesk_channel

    def secrets(self) -> tuple[str, ...]:
        """Every secret value held here, for the log's redaction."""
        values = (getattr(self, name) for name in type(self).model_fields)
        return tuple(value.get_secret_value() for value in values if isinstance(value, SecretStr))


class _Given(Settings):
    """The values it is given and nothing else: a sandbox must not take up a real token from the environment."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  # the library's signature, here and below
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what the constructor got."""
        return (init_settings,)


_MARKS = frozenset("\"'“”‘’")
# What begins with it, and where that belongs.
_MIXED_UP = {
    "xoxb-": "this is the bot token, which belongs in SLACK_BOT_TOKEN",
    "xapp-": "this is the app-level token, which belongs in SLACK_APP_TOKEN",
    "xoxp-": "this is a user's token, which Keydesk does not take",
    "xoxe": "this is a rotating token, which Keydesk does not take; switch token rotation off",
}


def _is_inside(host: str) -> bool:
    """Whether a host is on this machine or in a private network, as far as its name tells."""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith(_INSIDE)


def _starts_with(value: SecretStr, prefix: str, hint: str, others: Mapping[str, str]) -> SecretStr:
    text = value.get_secret_value()
    if not text.startswith(prefix):
        found = next((what for begin, what in others.items() if text.startswith(begin)), None)
        raise ValueError(f"{found}; {hint}" if found else hint)
    return value


@dataclass(frozen=True)
class PartialSettings:
    """Settings as far as they can be read. A name in `problems` (name → sentence) has a stand-in, not a real value.

    `strays`: a sentence for each name beside the settings that looks like a misspelled one.
    """

    settings: Settings
    problems: Mapping[str, str]
    strays: tuple[str, ...] = ()

    def usable(self, *names: str) -> bool:
        """Whether none of these settings is missing or wrong."""
        return not any(name in self.problems for name in names)

    def complete(self) -> Settings:
        """All of them, with a policy file. Raises ConfigurationError with every problem, and what may explain it."""
        problems = list(self.problems.values())
        policy = self.settings.keydesk_policy
        if self.usable("KEYDESK_POLICY"):
            try:
                read_text(policy)
            except ConfigurationError as error:
                problems += [f"KEYDESK_POLICY: {problem}" for problem in error.problems]
        if problems:
            raise ConfigurationError([*problems, *self.strays])
        return self.settings


# So that the other settings can be read when one of these is missing. Never sent anywhere.
_STAND_INS = {
    "SLACK_BOT_TOKEN": "xoxb-missing",
    "SLACK_SIGNING_SECRET": "missing",
    "COMETAPI_ACCESS_TOKEN": "missing",
    "KEYDESK_CHANNEL": "C00",
}


def read(overrides: Mapping[str, Any] | None = None, *, env_file: str | None = ".env") -> PartialSettings:
    """Whatever can be read, and what is wrong with the rest: for `check` and for commands that need only a part.

    `env_file` None: neither a file nor the environment, only `overrides`. Raises ConfigurationError when `.env`
    itself cannot be read.
    """
    given = dict(overrides or {})
    model: type[Settings] = _Given
    names = frozenset(given)
    problems: dict[str, str] = {}
    if env_file is not None:
        model = Settings
        layers = (dict(os.environ), _values(env_file))  # noqa: TID251  # here it is read
        names |= layers[0].keys() | layers[1].keys()
        from_files, problems = _from_files(layers)
        given = from_files | given
        problems = {name: sentence for name, sentence in problems.items() if name not in given}
    astray = strays(names, [*(str(field.alias) for field in Settings.model_fields.values()), *_file_names()])
    try:
        settings = model(_env_file=env_file, **given)
    except ValidationError as error:
        problems = dict(_problems(error)) | problems
    else:
        if not problems:
            return PartialSettings(settings, {}, astray)
    stand_ins = {
        field.alias: _STAND_INS.get(field.alias, field.default)
        for field in Settings.model_fields.values()
        if field.alias in problems
    }
    return PartialSettings(model(_env_file=env_file, **(given | stand_ins)), problems, astray)


def _secret_names() -> list[str]:
    """The settings that are secret, or hold one: a database URL has a password."""
    fields = Settings.model_fields.values()
    return [str(field.alias) for field in fields if SecretStr in _types(field.annotation)] + ["DATABASE_URL"]


def _types(annotation: Any) -> tuple[Any, ...]:
    return (annotation, *get_args(annotation))


def _file_names() -> list[str]:
    return [name + FILE for name in _secret_names()]


def _from_files(layers: Sequence[Mapping[str, str]]) -> tuple[dict[str, str], dict[str, str]]:
    """What the files named by NAME_FILE hold, by NAME, and a sentence for each that cannot be used."""
    found: dict[str, str] = {}
    problems: dict[str, str] = {}
    for name in _secret_names():
        path, problem = secret_file(name, layers)
        if problem:
            problems[name] = problem
        elif path:
            try:
                text = Path(path).read_text(encoding="utf-8-sig").strip()
            except (OSError, UnicodeDecodeError, ValueError) as error:
                reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
                problems[name] = f"{name}{FILE}: the file cannot be read: {reason}."
                continue
            if text:
                found[name] = text
            else:
                problems[name] = f"{name}{FILE}: the file is empty."
    return found, problems


def load(overrides: Mapping[str, Any] | None = None, *, env_file: str | None = ".env") -> Settings:
    """Settings from the environment, then `.env`, then defaults. Raises ConfigurationError with every problem.

    `env_file` None: neither a file nor the environment, only `overrides`.
    """
    return read(overrides, env_file=env_file).complete()


def _values(env_file: str) -> dict[str, str]:
    """Names and values in the file; none without a file. Raises ConfigurationError for a line that says nothing.

    A pipe is left to pydantic-settings: it can be read only once.
    """
    path = Path(env_file)
    try:
        text = path.read_text(encoding="utf-8-sig") if path.is_file() else ""
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigurationError([f"{env_file} cannot be read: {reason}."]) from None
    if broken := broken_lines(text):
        raise ConfigurationError([f"{env_file}, line {line}: {what}." for line, what in broken])
    return values_in(text)


def load_database_url() -> str:
    """DATABASE_URL alone, for commands that need no other setting. Raises ConfigurationError when it is wrong."""
    partial = read()
    if not partial.usable("DATABASE_URL"):
        raise ConfigurationError([partial.problems["DATABASE_URL"]])
    return partial.settings.database_url


def _problems(error: ValidationError) -> Iterable[tuple[str, str]]:
    """(name, sentence) of each problem; the sentence begins with the name and holds no value."""
    for item in error.errors(include_input=False, include_url=False):
        name = str(item["loc"][0])
        field = next(one for one in Settings.model_fields.values() if one.alias == name)
        if item["type"] == "missing":
            yield name, f"{name} is missing. {field.description}"
        else:
            yield name, f"{name}: {item['msg'].removeprefix('Value error, ')}"
