"""The pages of docs/reference that are made from the code: settings, metrics, commands. `make docs` writes them."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from prometheus_client.metrics import MetricWrapperBase
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from bot.cli.commands import parser
from bot.health import Health
from bot.settings import ROTATED, Settings, secret_names

_MADE = "This page is made from the code by `make docs`.\n"


def pages() -> dict[str, str]:
    """File name → text."""
    return {"settings.md": settings_page(), "metrics.md": metrics_page(), "commands.md": commands_page()}


def settings_page() -> str:
    """Every setting, from the model that reads them."""
    head = (
        f"# Settings\n\n{_MADE}\nThe environment comes before `.env` in the working directory. `.env` may have "
        "quotes, `export`, Windows line ends and a byte order mark.\nA secret `NAME` may be given as `NAME_FILE`, the "
        "path of a file; [which of them change without a restart](../operating/secrets.md).\n\n"
        "| Name | Meaning | Default | Secret |\n| --- | --- | --- | --- |\n"
    )
    return head + "".join(_setting(field) for field in Settings.model_fields.values())


def _setting(field: FieldInfo) -> str:
    name = str(field.alias)
    default = "–" if field.default is None else f"`{field.default}`"
    if field.default is PydanticUndefined:
        default = "**needed to serve**"
    how = "may change while it runs" if name in ROTATED else "needs a restart"
    secret = f"yes; from a file it {how}" if name in secret_names() else ""
    return f"| `{name}` | {_cell(str(field.description))} | {default} | {secret} |\n"


def metrics_page() -> str:
    """Every metric of /metrics."""
    unused: Any = None  # it is asked for its metrics alone
    health = Health(database=unused, policy=unused)
    head = (
        f"# Metrics\n\n{_MADE}\n`/metrics` is on `KEYDESK_METRICS_PORT` (9464), on loopback unless "
        "`KEYDESK_METRICS_HOST` says otherwise. [Alarms and what to do](../operating/runbook.md).\n\n"
        "| Name | Kind | Labels | Meaning |\n| --- | --- | --- | --- |\n"
    )
    metrics = [one for one in vars(health).values() if isinstance(one, MetricWrapperBase)]
    build = [one for one in health.registry.collect() if one.name == "keydesk_build_info"]
    rows = [(one._name, one._type, one._labelnames, one._documentation) for one in metrics]  # noqa: SLF001  # nothing public tells a name without its suffix
    rows += [(one.name, one.type, tuple(one.samples[0].labels), one.documentation) for one in build]
    return head + "".join(
        f"| `{name}{'_total' if kind == 'counter' else ''}` | {kind} | {', '.join(map('`{}`'.format, labels)) or '–'} "
        f"| {_cell(words)} |\n"
        for name, kind, labels, words in sorted(rows)
    )


def commands_page() -> str:
    """Every command with its arguments, as `--help` says it."""
    return f"# Commands\n\n{_MADE}\n" + "\n".join(_command(one) for one in _parsers(parser()))


def _parsers(found: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    yield found
    for action in found._actions:  # noqa: SLF001  # argparse has no other way to look at what was added
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001  # as above
            for one in action.choices.values():
                yield from _parsers(one)


def _command(found: argparse.ArgumentParser) -> str:
    words = [f"## {found.prog}\n", f"```text\n{found.description}\n```\n"]
    arguments = [_argument(action) for action in found._actions if _is_told(action)]  # noqa: SLF001  # as above
    if arguments:
        words += ["| Argument | Meaning |\n| --- | --- |", *arguments, ""]
    return "\n".join(words)


def _is_told(action: argparse.Action) -> bool:
    hidden = (argparse._HelpAction, argparse._SubParsersAction)  # noqa: SLF001  # as above
    return not isinstance(action, hidden) and action.help != argparse.SUPPRESS


def _argument(action: argparse.Action) -> str:
    value = action.metavar or ("|".join(map(str, action.choices)) if action.choices else "")
    name = " ".join(filter(None, [", ".join(action.option_strings), str(value) if action.nargs != 0 else ""]))
    meaning = (action.help or "") % {"default": action.default, "prog": "keydesk"}
    return f"| `{_cell(name)}` | {_cell(meaning)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    for file, content in pages().items():
        Path(sys.argv[1], file).write_text(content, encoding="utf-8")
