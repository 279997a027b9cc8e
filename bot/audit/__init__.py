"""The record: append-only, chained by hashes, exported as JSON lines, verified. Knows no flow and no Slack.

chain        the chain of the record
facts        the words of the record
formats      lines of the record for other tools
signed_head  the head of the record as a signed note
store        writes and reads the record
tables       the tables of the record, as SQLAlchemy Core
"""

from bot.audit.chain import Problem, Verification, verify
from bot.audit.facts import Fact
from bot.audit.store import append, export, read, read_after, verify_database

__all__ = ["Fact", "Problem", "Verification", "append", "export", "read", "read_after", "verify", "verify_database"]
