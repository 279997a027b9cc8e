"""Which lines of the record `/apikey audit` shows to whom. What a line says: test_words.py."""

import pytest
import sqlalchemy as sa

from bot.audit import Fact, append
from bot.errors import GatewayError, InputError, PermissionDenied
from bot.features.audit_read.listeners import AuditReadListeners
from bot.features.audit_read.views import OLDER, ROWS
from bot.permissions import parse_policy
from bot.slack.delivery import Ephemeral, Kind
from keydesk_sandbox import seed
from tests.approvals.kit import ADA, BEN
from tests.features.desk import ALEX, ListenerDesk
from tests.narrow import expect


async def shown(desk: ListenerDesk, text: str, user: str = ADA.slack_user_id) -> str:
    answer = await AuditReadListeners(desk.deps).read(desk.delivery(user, text=text))
    return str(expect(Ephemeral, answer))


async def test_everything_is_for_those_who_may_see_any_key(listener_desk: ListenerDesk) -> None:
    await listener_desk.spine.ask()
    assert "request #1" in await shown(listener_desk, "", user=ALEX.slack_user_id)
    with pytest.raises(PermissionDenied):
        await shown(listener_desk, "")
    assert "refused" in await listener_desk.spine.facts()


async def test_what_one_person_did_is_for_those_who_may_see_everything(listener_desk: ListenerDesk) -> None:
    await listener_desk.spine.ask(ADA)
    await listener_desk.spine.ask(BEN)
    of_ben = await shown(listener_desk, f"<@{BEN.slack_user_id}|ben>", user=ALEX.slack_user_id)
    assert "request #2" in of_ben
    assert "request #1" not in of_ben
    with pytest.raises(PermissionDenied):
        await shown(listener_desk, f"<@{ADA.slack_user_id}>")


async def test_older_lines_are_judged_like_the_newest_and_drawn_in_their_place(listener_desk: ListenerDesk) -> None:
    desk = listener_desk

    def reveals(c: sa.Connection) -> None:
        for times in range(ROWS + 3):
            append(c, fact=Fact.REVEALED, at=desk.spine.now, actor="U0ADA", key_id=77, details={"times": times})

    await desk.deps.database.run(reveals)
    newest = expect(Ephemeral, await AuditReadListeners(desk.deps).read(desk.delivery(ALEX.slack_user_id, text="77")))
    (older,) = [one for block in newest.blocks if block["type"] == "actions" for one in block["elements"]]
    payload = {"actions": [{"action_id": OLDER, "value": older["value"]}]}
    click = desk.delivery(ALEX.slack_user_id, kind=Kind.ACTION, payload=payload)
    answer = expect(Ephemeral, await AuditReadListeners(desk.deps).read(click))
    assert answer.in_place
    assert len([block for block in answer.blocks if block["type"] == "context"]) == 3 + 1
    with pytest.raises(PermissionDenied):
        await AuditReadListeners(desk.deps).read(desk.delivery(kind=Kind.ACTION, payload=payload))


async def test_a_key_that_is_named_is_looked_up_and_is_not_there_for_others(listener_desk: ListenerDesk) -> None:
    key = await listener_desk.owned()
    assert f"nothing about key {key.id}" in await shown(listener_desk, "search", user=ALEX.slack_user_id)
    # Who may read of no key is told so, whichever key it is and whether it is there or not.
    for user, text in ((BEN, "search"), (BEN, "nothing"), (ADA, "search")):
        with pytest.raises(PermissionDenied, match=r"does not allow reading the record"):
            await shown(listener_desk, text, user=user.slack_user_id)


async def test_who_may_read_of_own_keys_finds_no_others(listener_desk: ListenerDesk) -> None:
    own = '[[rules]]\nname = "own record"\nwho = ["*"]\ndo = ["audit.read"]\nallow = true\n'
    listener_desk.spine.policy = parse_policy(own + seed.POLICY)
    key = await listener_desk.owned()
    assert f"key {key.id}" in await shown(listener_desk, "search")
    for text in ("search", "nothing"):
        with pytest.raises(InputError, match="There is no key"):
            await shown(listener_desk, text, user=BEN.slack_user_id)


async def test_a_number_that_the_record_knows_needs_no_gateway(listener_desk: ListenerDesk) -> None:
    def revealed(c: sa.Connection) -> None:
        append(c, fact=Fact.REVEALED, at=listener_desk.spine.now, actor="U0ADA", key_id=77, details={"times": 1})

    await listener_desk.deps.database.run(revealed)
    listener_desk.gateway.arm("refused", times=None)
    assert "key 77" in await shown(listener_desk, "77", user=ALEX.slack_user_id)
    with pytest.raises(GatewayError):
        await shown(listener_desk, "78", user=ALEX.slack_user_id)
