"""People of other workspaces who tried something: a line in the record, with the word they used and nothing else."""

from bot.audit import Fact, append
from bot.db.engine import Database
from bot.redaction import redact
from bot.slack.delivery import Delivery


async def record_stranger(database: Database, delivery: Delivery) -> None:
    """Append that somebody of another workspace was refused."""
    # Redacted before it is cut: the beginning of a key no longer looks like one. What they sent may be long.
    word = redact("".join(delivery.text[:1000].split(maxsplit=1)[:1]))[:40]
    details = {"kind": "outsider", "team": delivery.team_id, "tried": delivery.callback_id or word}
    await database.run(append, fact=Fact.REFUSED, at=delivery.received_at, actor=delivery.user_id, details=details)
