"""What was approved is what is given: changes only shrink, stricter rules bind what waits, the world is no restriction."""

import functools
from typing import Any

import pytest

from bot.approvals.models import Status
from keydesk_sandbox import seed
from tests.scenarios import forging
from tests.scenarios.alerting import cards, learned, send
from tests.scenarios.conftest import OpenDesk, both, http_desk
from tests.scenarios.desk import Desk, text_of, view_text
from tests.scenarios.operating import do, key_id_of, owned
from tests.scenarios.policies import ROLES, asking
from tests.scenarios.test_incident import confirm, preview

__all__ = ["both", "http_desk"]
ADA, MIRA, OMAR, SAM = seed.ENGINEER, seed.MANAGER, seed.SECOND_MANAGER, seed.SECURITY
WEEK = 7 * 86_400


def _names(desk: Desk, user: str) -> bool:
    return f"<@{user}>" in text_of(desk.card(None))


async def newest(desk: Desk) -> int:
    """The number of the latest request; PostgreSQL's numbers have gaps."""
    return int((await desk.audit("asked"))[-1]["request_id"])


async def waiting(desk: Desk, **fields: str) -> None:
    await desk.ask(ADA, **{"name": "big", "remain_quota": "2M", "expired_time": "7d", "reason": "to test", **fields})
    await desk.eventually(lambda: desk.card(None))


@pytest.mark.parametrize(
    ("block", "item"),
    [
        ("expired_time", {"type": "static_select", "selected_option": {"value": "365d"}}),
        ("remain_quota", {"type": "plain_text_input", "value": "3M"}),
        ("model_limits", {"type": "checkboxes", "selected_options": [{"value": "gpt-4o"}]}),
    ],
)
async def test_a_forged_approval_with_changes_gives_nothing_more(
    both: OpenDesk, block: str, item: dict[str, Any]
) -> None:
    async with both() as desk:
        await _forged_changes(desk, block, item)


async def _forged_changes(desk: Desk, block: str, item: dict[str, Any]) -> None:
    await waiting(desk, model_limits=["gpt-4o-mini"])  # type: ignore[arg-type]
    await desk.slack.click(MIRA, desk.card(None), "approve_with_changes")
    await desk.slack.submit(MIRA, desk.slack.top_view(MIRA))  # nothing differs: the payload is what we want
    payload = forging.last(desk, "view_submission")
    payload["view"]["state"]["values"][block] = {"value": item}
    answer = await forging.send_as(desk, payload, MIRA)
    assert list(answer.body["errors"]) == [block], answer.body
    assert (await desk.request(await newest(desk))).status is Status.PENDING
    assert not [record for record in desk.gateway.keys(deleted=True) if record.name == "big"]


async def test_rules_that_became_stricter_bind_a_request_that_waits(both: OpenDesk) -> None:
    async with both(policy=asking('from = ["manager"], expires = "3d"')) as desk:
        await waiting(desk)
        stricter = asking('stages = [{ from = ["manager"], count = 2 }, { from = ["security"] }], expires = "3d"')
        desk.world.policy_path.write_text(stricter, encoding="utf-8")
        assert desk.app.policy.look()
        for user in (MIRA, OMAR):
            await desk.slack.click(user, desk.card(None), "approve")
            await desk.eventually(functools.partial(_names, desk, user))
            assert (await desk.request(await newest(desk))).status is Status.PENDING
        await desk.slack.click(SAM, desk.card(None), "approve")
        assert (await desk.settled(await newest(desk))).status is Status.SUCCEEDED


NAMED = f"""{ROLES}
[[rules]]
name  = "keys with named addresses are free"
who   = ["engineer"]
do    = ["key.create"]
when  = {{ allow_ips_required = true }}
allow = true
"""


@pytest.mark.parametrize("ips", ["0.0.0.0/0", "::/0", "0.0.0.0/1 128.0.0.0/1", "203.0.113.7 0.0.0.0/0", "10.0.0.0/7"])
async def test_the_whole_world_is_no_list_of_addresses(both: OpenDesk, ips: str) -> None:
    async with both(policy=NAMED) as desk:
        fields = {"name": "open", "remain_quota": "1k", "expired_time": "30d", "reason": "x"}
        answer = await desk.ask(ADA, **fields, allow_ips=ips)
        assert "creating keys" in str(answer.body)
        await desk.fill(ADA, desk.slack.top_view(ADA), allow_ips="203.0.113.7")
        answer = await desk.slack.submit(ADA, desk.slack.top_view(ADA))
        assert (await desk.settled(await newest(desk))).status is Status.SUCCEEDED, answer.body


async def test_a_rotation_from_an_alert_shares_and_hands_over_like_any_other(http_desk: Desk) -> None:
    desk = http_desk
    policy = seed.POLICY.replace('["key.disable", "key.enable",', '["key.disable", "key.enable", "key.rotate",')
    desk.world.policy_path.write_text(policy, encoding="utf-8")
    assert desk.app.policy.look()
    await learned(desk)
    key = await desk.own(ADA, desk.key("ci-runner"))
    desk.gateway.edit_behind(key.id, remain_quota=80_001, unlimited_quota=False, status=1)
    await send(desk, "generic", desk.gateway.key_value(key.id))
    card = (await desk.eventually(lambda: cards(desk, "ci-runner")))[0]
    await desk.slack.click(SAM, card, "rotate")
    await desk.eventually(lambda: "Quota left" in view_text(desk.slack.top_view(SAM)))
    assert (await desk.slack.click(SAM, desk.slack.top_view(SAM), "rotate")).ok
    new = key_id_of(await desk.settled(1))
    assert [desk.gateway.key(number).remain_quota for number in (key.id, new)] == [40_000, 40_001]
    desk.gateway.charge(key.id, 1_000)
    # Its owner disables the leaked key: what the thief has not spent comes over.
    await do(desk, ADA, "disable", key)
    await desk.eventually(lambda: desk.gateway.key(new).remain_quota == 79_001)
    assert (desk.gateway.key(key.id).remain_quota, desk.gateway.key(key.id).status) == (0, 2)


async def test_a_batch_that_disables_an_old_key_ends_its_overlap(http_desk: Desk) -> None:
    desk = http_desk
    key, other = await owned(desk, remain_quota=60_000), await owned(desk, name="other")
    await do(desk, ADA, "rotate", key, overlap="7d")
    new = key_id_of(await desk.settled(1))
    await preview(desk, f"disable {key.id} {other.id}")
    await confirm(desk, "DISABLE 2")
    await desk.eventually(lambda: desk.gateway.key(new).remain_quota == 60_000)
    assert desk.gateway.key(key.id).remain_quota == 0
