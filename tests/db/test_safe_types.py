"""What looks like a secret does not reach a column of these types."""

from typing import Any

import pytest
import sqlalchemy as sa

from bot.db.engine import Database
from bot.db.safe_types import SafeJson, SafeSentence, SafeText
from bot.languages import tr
from tests.languages.pseudo import pseudo

SECRET = "sk-" + "Zz9" * 16
table = sa.Table("safe", sa.MetaData(), sa.Column("text", SafeText), sa.Column("json", SafeJson))


def _both(c: sa.Connection, text: str | None, value: Any) -> tuple[Any, Any]:
    table.create(c)
    c.execute(sa.insert(table), {"text": text, "json": value})
    row = c.execute(sa.select(table)).one()
    return row.text, row.json


async def test_a_secret_is_replaced_on_the_way_in(database: Database) -> None:
    text, value = await database.run(_both, f"see {SECRET} here", {"a": [f"x {SECRET}"], SECRET: 1, "n": None})
    assert text.startswith("see ")
    assert text.endswith(" here")
    assert "Zz9" not in text + str(value)
    assert value["n"] is None


async def test_plain_values_stay_as_they_are(sqlite_database: Database) -> None:
    kept = await sqlite_database.run(_both, None, {"name": "search", "quota": 2.5, "on": True})
    assert kept == (None, {"name": "search", "quota": 2.5, "on": True})


sentences = sa.Table("sentences", sa.MetaData(), sa.Column("text", SafeSentence))


def _kept(c: sa.Connection, *texts: Any) -> list[Any]:
    sentences.create(c)
    for text in texts:
        c.execute(sa.insert(sentences), {"text": text})
    return list(c.scalars(sa.select(sentences.c.text)))


async def test_a_sentence_is_read_in_the_language_of_each_reader(sqlite_database: Database) -> None:
    sentence = tr("Key {name} is disabled.", name="ci")
    kept = await sqlite_database.run(_kept, sentence, sentence.stored(), None, "typed by somebody")
    assert kept == ["Key ci is disabled.", "Key ci is disabled.", None, "typed by somebody"]
    with pseudo():
        again = await sqlite_database.read(lambda c: list(c.scalars(sa.select(sentences.c.text))))
    assert again == ["KEY ci IS DISABLED.", "KEY ci IS DISABLED.", None, "typed by somebody"]


async def test_a_sentence_keeps_no_secret_and_a_typed_text_cannot_pose_as_one(sqlite_database: Database) -> None:
    posing = '{"say": "All is well."}'
    kept = await sqlite_database.run(_kept, tr("Key {name} is disabled.", name=SECRET), posing)
    assert "Zz9" not in kept[0]
    assert kept[1].strip() == posing


@pytest.mark.parametrize(
    "typed",
    ['{"say": me the key', '{"say": 5}', '{"say":"x","with":[1]}', '{"say":"x","plural":"y","count":"z"}'],
)
async def test_what_was_typed_before_sentences_were_kept_is_read_as_it_is(
    sqlite_database: Database, typed: str
) -> None:
    assert await sqlite_database.run(_kept) == []
    await sqlite_database.run(lambda c: c.execute(sa.text("INSERT INTO sentences VALUES (:text)"), {"text": typed}))
    assert await sqlite_database.read(lambda c: list(c.scalars(sa.select(sentences.c.text)))) == [typed]
