"""Reads the settings: the only reader of the environment and of `.env`.

`load` names every missing or wrong setting at once, in a `ConfigurationError`, before anything starts.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from pydantic import SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from bot.errors import ConfigurationError
from bot.policy_file import read_text
from bot.proxies import Proxies, read_proxies
from bot.settings.env_file import FILE, broken_lines, secret_file, strays, unquoted, values_in
from bot.settings.model import Settings
from bot.settings.secret_files import ACCESS_TOKEN, ROTATED, HeldSecret, SecretFiles, read_secret


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


@dataclass(frozen=True)
class PartialSettings:
    """Settings as far as they can be read. A name in `problems` (name → sentence) has a stand-in, not a real value.

    `strays`: a sentence for each name beside the settings that looks like a misspelled one. `files`: the names of the
    secrets that come from files, and these.
    """

    settings: Settings
    problems: Mapping[str, str]
    strays: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)

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

    def secret_files(self) -> SecretFiles:
        """The secrets of these settings that come from files, to look after them."""
        fields = {str(field.alias): name for name, field in Settings.model_fields.items()}
        secrets = {name: getattr(self.settings, fields[name]) for name in self.files}
        held = {name: secret for name, secret in secrets.items() if isinstance(secret, HeldSecret)}
        return SecretFiles(paths=self.files, held=held, judge=_judged)


def _judged(name: str, text: str) -> tuple[str, str]:
    """A new value of one secret as the settings would keep it, and what is wrong with it."""
    judged = read(_STAND_INS | {name: text}, env_file=None)
    if name in judged.problems:
        return "", judged.problems[name]
    value = next(getattr(judged.settings, at) for at, one in Settings.model_fields.items() if one.alias == name)
    return str(value.get_secret_value()), ""


# So that the other settings can be read when one of these is missing. Never sent anywhere.
_STAND_INS = {
    "SLACK_BOT_TOKEN": "xoxb-missing",
    "SLACK_SIGNING_SECRET": "missing",
    "COMETAPI_ACCESS_TOKEN": "missing",
    "KEYDESK_CHANNEL": "C00",
    "KEYDESK_WEBHOOK_SECRET": f"whsec_{'0' * 32}",
}


def read(
    overrides: Mapping[str, Any] | None = None, *, env_file: str | None = ".env", whole: bool = False
) -> PartialSettings:
    """Whatever can be read, and what is wrong with the rest: for `check` and for commands that need only a part.

    `env_file` None: neither a file nor the environment, only `overrides`. Raises ConfigurationError when `.env`
    itself cannot be read, or has lines that say nothing: with everything else that is wrong, and with `whole` also
    what is missing, for those who need all of it.
    """
    given, files = dict(overrides or {}), dict[str, str]()
    model: type[Settings] = _Given
    names = frozenset(given)
    problems: dict[str, str] = {}
    broken: tuple[str, ...] = ()
    if env_file is not None:
        model = Settings
        values, broken = _values(env_file)
        layers = (dict(os.environ), values)  # noqa: TID251  # here it is read
        names |= layers[0].keys() | layers[1].keys()
        from_files, problems = _from_files(layers)
        files = {name: path for name, (path, _) in from_files.items() if name not in given}
        given = {name: text for name, (_, text) in from_files.items()} | given
        problems = {name: sentence for name, sentence in problems.items() if name not in given}
    astray = strays(names, [*(str(field.alias) for field in Settings.model_fields.values()), *_file_names()])
    try:
        settings = model(_env_file=env_file, **given)
    except ValidationError as error:
        problems = dict(_problems(error)) | problems
        if broken:
            told = [one for one in problems.values() if whole or " is missing." not in one]
            raise ConfigurationError([*broken, *told, *astray]) from None
    else:
        if broken:
            raise ConfigurationError([*broken, *problems.values(), *astray])
        if not problems:
            return PartialSettings(_holding(settings, files), {}, astray, files)
    stand_ins = {
        field.alias: _STAND_INS.get(field.alias, field.default)
        for field in Settings.model_fields.values()
        if field.alias in problems
    }
    settings = model(_env_file=env_file, **(given | stand_ins))
    return PartialSettings(_holding(settings, files), problems, astray, files)


@dataclass(frozen=True)
class NamedSecret:
    """A secret by the name that another file gives it. `path`: of the file that holds it, "" = none does."""

    name: str
    value: SecretStr
    path: str = ""


def named_secret(name: str, *, env_file: str = ".env") -> NamedSecret:
    """The access token of a gateway that the policy file has, by the name that stands there. NAME_FILE works as well.

    Raises ConfigurationError where it is missing or is no such token.
    """
    layers = (dict(os.environ), _values(env_file)[0])  # noqa: TID251  # here it is read
    path, problem = secret_file(name, layers)
    text = next((layer[name] for layer in layers if layer.get(name, "").strip()), "")
    if path:
        text, problem = read_secret(name, path)
    if not text and not problem:
        problem = f"{name} is missing. The policy file names it as the access token of a gateway."
    value, wrong = ("", problem) if problem else _judged(ACCESS_TOKEN, unquoted(text))
    if wrong:
        raise ConfigurationError([wrong.replace(ACCESS_TOKEN, name)])
    return NamedSecret(name, HeldSecret(value) if path else SecretStr(value), path)


def secret_names() -> list[str]:
    """The settings that are secret, or hold one: a database URL has a password."""
    fields = Settings.model_fields.values()
    return [str(field.alias) for field in fields if SecretStr in _types(field.annotation)] + ["DATABASE_URL"]


def _types(annotation: Any) -> tuple[Any, ...]:
    return (annotation, *get_args(annotation))


def _file_names() -> list[str]:
    return [name + FILE for name in secret_names()]


def _from_files(layers: Sequence[Mapping[str, str]]) -> tuple[dict[str, tuple[str, str]], dict[str, str]]:
    """The files named by NAME_FILE and what they hold, by NAME, and a sentence for each that cannot be used."""
    found: dict[str, tuple[str, str]] = {}
    problems: dict[str, str] = {}
    for name in secret_names():
        path, problem = secret_file(name, layers)
        if path:
            text, problem = read_secret(name, path)
            if not problem:
                found[name] = path, text
        if problem:
            problems[name] = problem
    return found, problems


def _holding(settings: Settings, files: Mapping[str, str]) -> Settings:
    """The settings with secrets that can be replaced, where they come from files."""
    held = {}
    for name, one in Settings.model_fields.items():
        secret = getattr(settings, name)
        if one.alias in files and one.alias in ROTATED and isinstance(secret, SecretStr):
            held[name] = HeldSecret(secret.get_secret_value())
    return settings.model_copy(update=held) if held else settings


def proxies() -> Proxies:
    """The proxies that the environment names. Raises ConfigurationError for what no client of ours can speak to."""
    return read_proxies(os.environ)  # noqa: TID251  # all programs of a machine share these names


def load(overrides: Mapping[str, Any] | None = None, *, env_file: str | None = ".env") -> Settings:
    """Settings from the environment, then `.env`, then defaults. Raises ConfigurationError with every problem.

    `env_file` None: neither a file nor the environment, only `overrides`.
    """
    return read(overrides, env_file=env_file).complete()


def _values(env_file: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """Names and values in the file, none without a file; and a sentence for each line that says nothing.

    A pipe is left to pydantic-settings: it can be read only once.
    """
    path = Path(env_file)
    try:
        text = path.read_text(encoding="utf-8-sig") if path.is_file() else ""
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigurationError([f"{env_file} cannot be read: {reason}."]) from None
    return values_in(text), tuple(f"{env_file}, line {line}: {what}." for line, what in broken_lines(text))


def load_database_url() -> str:
    """DATABASE_URL alone, for commands that need no other setting. Raises ConfigurationError when it is wrong."""
    partial = read()
    if not partial.usable("DATABASE_URL"):
        raise ConfigurationError([partial.problems["DATABASE_URL"]])
    return partial.settings.database_url


def _problems(error: ValidationError) -> Iterable[tuple[str, str]]:
    """(name, sentence) of each problem; the sentence begins with the name and holds no value."""
    for item in error.errors(include_input=False, include_url=False):
        at = str(item["loc"][0])
        # A default that is wrong beside other values is told by the field's own name.
        field = next(one for name, one in Settings.model_fields.items() if at in {name, one.alias})
        name = str(field.alias)
        if item["type"] == "missing":
            yield name, f"{name} is missing. {field.description}"
        else:
            yield name, f"{name}: {_what_is_wrong(item)}"


def _what_is_wrong(item: Mapping[str, Any]) -> str:
    """The library's finding in our words."""
    limits = item.get("ctx", {})
    sentences = {
        "int_parsing": "must be a whole number",
        "int_type": "must be a whole number",
        "int_from_float": "must be a whole number",
        "float_parsing": "must be a number",
        "bool_parsing": "must be true or false",
        "greater_than": f"must be more than {limits.get('gt')}",
        "greater_than_equal": f"must be {limits.get('ge')} or more",
        "less_than": f"must be less than {limits.get('lt')}",
        "less_than_equal": f"must be {limits.get('le')} or less",
        "literal_error": f"must be {limits.get('expected')}",
    }
    return sentences.get(item["type"], str(item["msg"]).removeprefix("Value error, "))
