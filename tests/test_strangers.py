import json

from bot import audit
from bot.db.engine import Database
from bot.strangers import record_stranger
from tests.slack.kit import make_delivery


async def test_a_stranger_is_on_record_with_one_word(sqlite_database: Database) -> None:
    await record_stranger(sqlite_database, make_delivery(text="new please"))
    line = json.loads(next(iter(audit.export(sqlite_database))))
    assert (line["fact"], line["details"]["kind"], line["details"]["tried"]) == ("refused", "outsider", "new")
