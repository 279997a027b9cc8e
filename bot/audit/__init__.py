"""The record: append-only, chained by hashes, exported as JSON lines, verified. Knows no flow and no Slack."""

from bot.audit.chain import Problem, Verification, verify
from bot.audit.facts import Fact
from bot.audit.store import append, export, read, verify_database

__all__ = ["Fact", "Problem", "Verification", "append", "export", "read", "verify", "verify_database"]
