"""Words that the code uses are only words when people type them: nothing is decided by a text that somebody wrote."""

import functools

import pytest

from bot.approvals.models import OriginKind, Status
from bot.audit import Fact
from keydesk_sandbox import seed
from keydesk_sandbox.fake_slack import SlackMessage
from tests.scenarios.desk import Desk, buttons_of, text_of

pytestmark = pytest.mark.thorough

ADA, MIRA = seed.ENGINEER, seed.MANAGER
# Kinds and ids that stand or stood in rows, in texts that people type too.
OLD_WORDS = ("rotation", "automatic", "break-glass", "break-glass please", "alert:1:2:key.disable:1", "req:1:retire")
WORDS = sorted({*OLD_WORDS, *(kind.value for kind in OriginKind), *(status.value for status in Status), *Fact})


async def denied(desk: Desk, number: int, word: str) -> None:
    for user in (ADA, MIRA):
        for view in reversed(desk.slack.open_views(user)):
            await desk.slack.close_view(user, view)
    answer = await desk.ask(ADA, name=f"{word} {number}"[:30], remain_quota="2M", expired_time="90d", reason=word)
    assert answer.ok, answer
    card = await desk.eventually(lambda: desk.card(number))
    await desk.slack.click(MIRA, card, "deny")
    await desk.fill(MIRA, desk.slack.top_view(MIRA), reason=word)
    assert (await desk.slack.submit(MIRA, desk.slack.top_view(MIRA))).ok


@pytest.mark.parametrize("words", [WORDS[start::4] for start in range(4)], ids=lambda words: words[0])
async def test_a_denial_is_a_denial_whatever_its_reason_is(http_desk: Desk, words: list[str]) -> None:
    desk = http_desk
    for number, word in enumerate(words, 1):
        await denied(desk, number, word)
        row = await desk.settled(number)
        assert (row.status, row.denial, row.reason) == (Status.DENIED, word, word)
        assert (row.origin.kind, row.break_glass) == (OriginKind.PERSON, False)
        await desk.eventually(functools.partial(_is_denied, desk, number))
        assert buttons_of(desk.card(number)) == ["look_at_request", "key.create.again"]
        told = await desk.eventually(functools.partial(_told, desk, number))
        assert word in text_of(told[0])
    await desk.slack.command(MIRA, seed.KEYS_CHANNEL, "/apikey requests")
    assert "*To review*" not in text_of(desk.slack.messages(seed.KEYS_CHANNEL, MIRA)[-1])
    records = desk.gateway.keys()
    assert {record.name for record in records}.isdisjoint(words)


def _is_denied(desk: Desk, number: int) -> bool:
    return "*Denied* by" in _flat(desk, number)


def _told(desk: Desk, number: int) -> list[SlackMessage]:
    return [message for message in desk.dm(ADA, "denied") if f"#{number} " in text_of(message)]


def _flat(desk: Desk, number: int) -> str:
    return " ".join(text_of(desk.card(number)).replace("&gt;", ">").split())
