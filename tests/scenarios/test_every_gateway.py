"""The life of a key on each kind of gateway, by the whole bot: what people ask for is what the gateway then has."""

import functools
import re
from collections.abc import Mapping
from typing import Any

import pytest

from bot.approvals.models import ApprovalRequest, Status
from keydesk_sandbox import seed
from keydesk_sandbox.world import World
from tests.narrow import present
from tests.scenarios.conftest import OpenDesk
from tests.scenarios.desk import Desk, text_of, view_text
from tests.scenarios.operating import do, owned
from tests.scenarios.policies import ROLES

pytestmark = pytest.mark.thorough

ADA = seed.ENGINEER
PROFILES = ["cometapi", "upstream-g1", "upstream-g2", "upstream-g3"]
FREE = f"""{ROLES}
[[rules]]
name  = "everything that is one's own, at once"
who   = ["engineer"]
do    = ["*"]
allow = true
"""
ADDRESSES = "\n".join(f"198.51.100.{number}" for number in range(100, 114))


async def done(desk: Desk, number: int) -> ApprovalRequest:
    """The request, once it has ended well."""
    row = await desk.settled(number)
    assert row.status is Status.SUCCEEDED, row.outcome
    return row


@pytest.mark.parametrize("profile", PROFILES)
async def test_the_whole_life_of_a_key(desk_with: OpenDesk, profile: str) -> None:
    async with desk_with(policy=FREE, profile=profile) as desk:
        answer = await desk.ask(
            ADA, name="life", remain_quota="$1", expired_time="30d", model_limits=["gpt-4o"], allow_ips=ADDRESSES
        )
        assert answer.ok
        await done(desk, 1)
        key = desk.key("life")
        assert (key.remain_quota, key.model_limits, key.allow_ips) == (500_000, "gpt-4o", ADDRESSES)
        assert (await desk.edit(ADA, key.id, name="life two", group="vip")).ok
        await done(desk, 2)
        assert (await do(desk, ADA, "quota", key, delta="+$1")).ok
        await done(desk, 3)
        assert (await do(desk, ADA, "quota", key, "=100k")).ok
        await done(desk, 4)
        now = desk.gateway.key(key.id)
        assert (now.name, now.group, now.remain_quota, now.allow_ips) == ("life two", "vip", 100_000, ADDRESSES)
        assert (await do(desk, ADA, "disable", key)).ok
        await done(desk, 5)

        async def refused() -> bool:
            seen = (await desk.request(5)).progress.revocation
            return seen is not None and seen.refused_at is not None

        await desk.until(refused, otherwise="never refused")
        assert (await do(desk, ADA, "enable", key)).ok
        await done(desk, 6)
        assert desk.gateway.key(key.id).status == 1
        assert (await do(desk, ADA, "end", key)).ok
        await done(desk, 7)
        assert 0 < desk.gateway.key(key.id).expired_time <= desk.clock()
        assert (await desk.edit(ADA, key.id, expired_time="30d")).ok
        await done(desk, 8)
        assert (await do(desk, ADA, "rotate", key)).ok
        new = desk.gateway.key(present((await done(desk, 9)).outcome).key_id or 0)
        assert (new.model_limits, new.allow_ips, new.group) == ("gpt-4o", ADDRESSES, "vip")
        assert (await do(desk, ADA, "delete", new, confirm=new.name)).ok
        await done(desk, 10)
        left = desk.gateway.keys()
        assert new.id not in [record.id for record in left]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("letter", ["鑰", "م", "é"])
async def test_names_of_fifty_characters_in_any_script(desk_with: OpenDesk, profile: str, letter: str) -> None:
    async with desk_with(policy=FREE, profile=profile) as desk:
        name = letter * 50
        answer = await desk.ask(ADA, name=name, remain_quota="$1")
        if profile == "cometapi":
            await done(desk, 1)
            assert desk.key(name).remain_quota == 500_000
            return
        told = str(present(answer.body).get("errors"))
        assert "The name has 50 characters, but" in told
        assert "this gateway takes at most 50 bytes" in told


async def test_a_gateway_that_says_yes_and_makes_nothing_leaves_a_request_that_a_person_must_look_at(
    desk_with: OpenDesk,
) -> None:
    async with desk_with(policy=FREE, profile="sibling") as desk:
        await desk.ask(ADA, name="nowhere", remain_quota="$1")
        told = "It is not known what became of your request"
        notice = await desk.eventually(lambda: desk.dm(ADA, told)[0])
        assert "but the key is not in the list. Look for it by hand." in text_of(notice)
        assert "was lost" not in text_of(notice)
        assert (await desk.request(1)).status is Status.UNKNOWN


def storing_less(switches: Mapping[str, object], world: World) -> None:
    for name, value in switches.items():
        world.gateway.switch(name, value)


IGNORED = {"ignored_fields": ("model_limits_enabled", "model_limits", "allow_ips")}
CUT = {"allow_ips_column": 191, "column_overflow": "cut"}


@pytest.mark.parametrize(
    ("switches", "fields", "told"),
    [
        (IGNORED, {"model_limits": ["gpt-4o"]}, "model_limits: asked for 'gpt-4o', found ''"),
        (IGNORED, {"allow_ips": "198.51.100.1"}, "allow_ips: asked for '198.51.100.1', found ''"),
        (CUT, {"allow_ips": ADDRESSES}, "198.51.100.111\\n198.51.100.'"),
    ],
)
async def test_what_a_gateway_did_not_store_is_told(
    desk_with: OpenDesk, switches: Mapping[str, object], fields: Mapping[str, Any], told: str
) -> None:
    prepare = functools.partial(storing_less, switches)
    async with desk_with(policy=FREE, profile="upstream-g2", prepare=prepare) as desk:
        await desk.ask(ADA, name="open", remain_quota="$1", **fields)
        row = await desk.settled(1)
        assert row.status is Status.FAILED
        assert "not with the settings that were asked" in present(row.outcome).sentence
        assert told in " ".join(present(row.outcome).differences)


@pytest.mark.parametrize("profile", PROFILES)
async def test_the_gateways_own_request_id_is_shown_with_an_error_and_logged(
    desk_with: OpenDesk, profile: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with desk_with(policy=FREE, profile=profile) as desk:
        key = await owned(desk, name="mine")
        desk.gateway.arm("panic", method="GET", path=r"/api/token/\d*", times=None)
        desk.gateway.arm("panic", method="GET", path="/api/token/search", times=None)
        before = len(desk.gateway.requests)
        await desk.slack.command(ADA, seed.KEYS_CHANNEL, f"/apikey show {key.id}")
        text = await desk.eventually(lambda: re.search(r"request id (\S+?)\.\)", view_text(desk.slack.top_view(ADA))))
        assert len(text[1]) == desk.gateway.switches.request_id_length
        assert text[1][:8].isdigit()
        assert len(desk.gateway.requests) > before
        assert any(getattr(record, "request_id", None) == text[1] for record in caplog.records)
