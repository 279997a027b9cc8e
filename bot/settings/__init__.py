"""What an operator sets, read once at the start. Everybody else is handed plain values or built objects.

model     the settings as a typed value, and what is wrong with each of them
loader    reads the environment, `.env` and the files that hold secrets
env_file  what is wrong with the names and the lines that settings come from
"""

from bot.settings.loader import PartialSettings, load, load_database_url, proxies, read
from bot.settings.model import Settings

__all__ = ["PartialSettings", "Settings", "load", "load_database_url", "proxies", "read"]
