"""What an operator sets, read once at the start. Everybody else is handed plain values or built objects.

model     the settings as a typed value, and what is wrong with each of them
loader    reads the environment, `.env` and the files that hold secrets
secret_files  secrets that come from files, and their new values while Keydesk runs
env_file  what is wrong with the names and the lines that settings come from
"""

from bot.settings.loader import (
    NamedSecret,
    PartialSettings,
    load,
    load_database_url,
    named_secret,
    proxies,
    read,
    secret_names,
)
from bot.settings.model import Settings
from bot.settings.secret_files import ROTATED, HeldSecret, SecretFiles

__all__ = [
    "ROTATED",
    "HeldSecret",
    "NamedSecret",
    "PartialSettings",
    "SecretFiles",
    "Settings",
    "load",
    "load_database_url",
    "named_secret",
    "proxies",
    "read",
    "secret_names",
]
