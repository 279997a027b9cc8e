"""The text of .env.example, made from the Settings model. `python -m bot.cli.env_example > .env.example`."""

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from bot.settings import Settings

HEAD = """\
# Settings of Keydesk. Copy this file to .env and fill it in; a variable of the environment comes before .env.
# What stands without a # is needed to serve. `keydesk check` says what is missing or wrong.
# Every secret NAME, and DATABASE_URL, may be given as NAME_FILE instead: the path of a file that holds it.
"""


def env_example() -> str:
    """Every setting with its description; required ones to fill in, the others commented out with their default."""
    return "\n".join([HEAD, *(_entry(field) for field in Settings.model_fields.values())])


def _entry(field: FieldInfo) -> str:
    required = field.default is PydanticUndefined
    default = "" if required or field.default is None else str(field.default)
    return f"# {field.description}\n{'' if required else '# '}{field.alias}={default}\n"


if __name__ == "__main__":
    print(env_example(), end="")
