"""Blocks that not every workspace takes: a refusal is remembered for a month, other errors are not one."""

import pytest

from bot.db.engine import Database
from bot.slack.blocks import Message
from bot.slack.delivery import Delivery, Kind
from bot.slack.errors import SlackRefused
from bot.slack.new_blocks import TRIED_AGAIN, NewBlocks
from tests.slack.kit import NotingWeb, make_delivery, make_responder

TABLE = Message("keys", [{"type": "data_table"}])


class Refusing(NotingWeb):
    """Says no to everything."""

    code = "invalid_blocks"

    async def respond(self, response_url: str, body: object) -> None:
        raise SlackRefused(method="response_url", code=self.code)

    async def write(self, method: str, *, interactive: bool = False, **arguments: object) -> dict[str, object]:
        if method.startswith("chat."):
            raise SlackRefused(method=method, code=self.code)
        return await super().write(method, interactive=interactive, **arguments)


def delivery(web: NotingWeb) -> Delivery:
    return make_delivery(Kind.COMMAND, responder=make_responder(web), channel_id="C0KEYS")


@pytest.mark.parametrize("code", ["invalid_blocks", "msg_blocks_too_long"])
async def test_a_refusal_is_remembered_for_a_month_and_for_this_kind_only(sqlite_database: Database, code: str) -> None:
    now, web = [1_000.0], Refusing()
    web.code = code
    tables, charts = (
        NewBlocks(kind=kind, database=sqlite_database, clock=lambda: now[0]) for kind in ("tables", "charts")
    )
    assert await tables.taken()
    assert not await tables.tell(delivery(web), TABLE)
    assert not await tables.taken()
    assert await charts.taken()
    now[0] += TRIED_AGAIN
    assert await tables.taken()


async def test_another_error_is_raised_and_not_remembered(sqlite_database: Database) -> None:
    tables = NewBlocks(kind="tables", database=sqlite_database, clock=lambda: 1.0)
    web = Refusing()
    web.code = "not_in_channel"
    with pytest.raises(SlackRefused):
        await tables.tell(delivery(web), TABLE)
    assert await tables.taken()
