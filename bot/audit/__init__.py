"""The record: append-only, chained by hashes, exported as JSON lines, verified. Knows no flow and no Slack."""

from bot.audit.chain import Problem, Verdict, verify
from bot.audit.facts import Fact
from bot.audit.record import append, export, read, verify_database

__all__ = ["Fact", "Problem", "Verdict", "append", "export", "read", "verify", "verify_database"]
