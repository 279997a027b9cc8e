"""A leak of many keys: every sure match is acted on, however many, and the card says how many of how many."""

import pytest

from bot.alerts.detection.key_index import IndexEntry
from bot.incident import store as batches
from keydesk_sandbox import seed
from tests.scenarios.alerting import SAM, cards, learned, send
from tests.scenarios.conftest import OpenDesk
from tests.scenarios.desk import Desk, buttons_of, text_of, view_text
from tests.scenarios.policies import ROLES

pytestmark = pytest.mark.thorough

NUMBER = 60
RULES = f"""{ROLES}
[[rules]]
name  = "security disables"
who   = ["security"]
do    = ["key.disable", "key.show"]
on    = "any"
allow = true
"""
AUTO = f"""{RULES}
[alerts]
auto_disable = ["generic"]
"""


def leaked(desk: Desk, number: int = NUMBER, *, known: bool = True) -> tuple[list[int], str]:
    records = [desk.gateway.add_key(name=f"leak-{n}", unlimited_quota=True) for n in range(number)]
    if known:
        desk.app.alerts.changed()
    return [record.id for record in records], " ".join(desk.gateway.key_value(record.id) for record in records)


async def test_the_policy_disables_all_of_sixty(desk_with: OpenDesk) -> None:
    async with desk_with(policy=AUTO) as desk:
        ids, text = leaked(desk)
        await learned(desk)
        await send(desk, "generic", text)
        await desk.eventually(lambda: cards(desk, f"{NUMBER} of {NUMBER} disabled"))
        assert {desk.gateway.key(key_id).status for key_id in ids} == {2}
        await desk.eventually(lambda: cards(desk, f"{NUMBER} refused by the gateway"))
        assert len(cards(desk, "leaked keys")) == 1
        assert await desk.audit("alert")


@pytest.mark.parametrize("late", [False, True])
async def test_one_click_disables_all_of_sixty_also_those_found_later(desk_with: OpenDesk, late: bool) -> None:
    async with desk_with(policy=RULES) as desk:
        if not late:
            ids, text = leaked(desk)
        await learned(desk)
        if late:
            # Nobody knew these keys when the alert came.
            ids, text = leaked(desk, known=False)
        await send(desk, "generic", text)
        card = (await desk.eventually(lambda: cards(desk, f"{NUMBER} leaked keys. None of them is disabled")))[0]
        assert "disable" in buttons_of(card)
        await desk.eventually(lambda: [m for m in desk.messages(seed.SECURITY_CHANNEL) if m.thread_ts])
        await desk.slack.click(SAM, card, "disable")
        await desk.slack.click(seed.SECURITY, card, "disable")
        card = (await desk.eventually(lambda: cards(desk, f"{NUMBER} of {NUMBER} disabled")))[0]
        assert {desk.gateway.key(key_id).status for key_id in ids} == {2}
        assert sum(seen.method == "PUT" for seen in desk.gateway.requests) == NUMBER
        assert "disable" not in buttons_of(card)
        assert "batch 1" in text_of(card)
        # The messages that called say what the card says, and every key can be looked at.
        await desk.eventually(lambda: desk.said("This call is over", seed.SECURITY_CHANNEL))
        assert not [m for m in desk.said("None of them is disabled", seed.SECURITY_CHANNEL) if m.thread_ts]
        await desk.slack.click(SAM, card, "alert_keys")
        window = await desk.eventually(lambda: desk.slack.top_view(SAM))
        assert f"{NUMBER} keys are named by this alert." in view_text(window)
        assert "Page 1 of 3" in view_text(window)
        await desk.slack.click(SAM, window, "alert_keys.next")
        await desk.eventually(lambda: "Page 2 of 3" in view_text(desk.slack.top_view(SAM)))


async def test_five_thousand_keys_in_one_alert_are_all_stored_and_all_acted_on(desk_with: OpenDesk) -> None:
    async with desk_with(policy=RULES) as desk:
        ids, text = leaked(desk, 4_900, known=False)
        # The index as it is once the account is learned, which takes its time under the reveal endpoint's limit.
        prints = desk.app.alerts.fingerprints
        cores = [value.removeprefix("sk-") for value in text.split()]
        entries = zip(ids, cores, strict=True)
        desk.app.alerts.index.put(IndexEntry(key_id, core[:4] + core[-4:], prints.of(core)) for key_id, core in entries)
        await send(desk, "generic", text)
        card = (await desk.eventually(lambda: cards(desk, "4,900 leaked keys. None of them is disabled")))[0]
        await desk.slack.click(SAM, card, "disable")
        await desk.eventually(lambda: cards(desk, " of 4,900 disabled"))
        batch = await desk.app.database.read(batches.keys_of, 1)
        assert {key.key_id for key in batch} == set(ids)
        stops = await desk.eventually(
            lambda: [m for m in desk.messages(seed.SECURITY_CHANNEL) if "stop_batch" in buttons_of(m)]
        )
        await desk.slack.click(SAM, stops[0], "stop_batch")
        await desk.eventually(lambda: [m for m in desk.messages(seed.SECURITY_CHANNEL) if "Stopped by" in text_of(m)])
