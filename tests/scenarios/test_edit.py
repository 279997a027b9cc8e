"""Editing one field changes that field only: the rest of the record stays byte for byte."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pytest

from bot.approvals import store
from bot.approvals.models import Status
from keydesk_sandbox import seed
from tests.narrow import present
from tests.scenarios.conftest import FreeDesk, OpenDesk
from tests.scenarios.desk import Desk, refusal, text_of, view_text

ADA, MIRA = seed.ENGINEER, seed.MANAGER
LATER = 1_900_000_000

RECORDS: Mapping[str, dict[str, Any]] = {
    "unlimited": {"unlimited_quota": True, "remain_quota": 0},
    "unlimited with a rest": {"unlimited_quota": True, "remain_quota": 12_345},
    "overdrawn": {"remain_quota": -500, "used_quota": 1_500},
    "allowlist": {"allow_ips": "198.51.100.10\n203.0.113.0/24", "remain_quota": 7},
    "allowlist with carriage returns": {"allow_ips": "198.51.100.10\r\n203.0.113.0/24\r\n"},
    "allowlist with spaces": {"allow_ips": " 198.51.100.10 \n\n 203.0.113.0/24"},
    "allowlist with junk": {"allow_ips": "not an address\n10.0.0.0/33"},
    "group": {"group": "vip", "cross_group_retry": False},
    "a group that is gone": {"group": "closed-last-year"},
    "automatic group": {"group": "auto", "cross_group_retry": True},
    "retry outside the automatic group": {"group": "vip", "cross_group_retry": True},
    "models with the flag off": {"model_limits_enabled": False, "model_limits": "gpt-4o-mini,old-model"},
    "models with the flag on": {"model_limits_enabled": True, "model_limits": "gone-model,gpt-4o-mini"},
    "models with the flag on and none": {"model_limits_enabled": True, "model_limits": ""},
    "expired": {"expired_time": 1_600_000_000},
    "expires on an odd second": {"expired_time": LATER + 17},
    "expiry zero": {"expired_time": 0},
    "expiry in milliseconds": {"expired_time": LATER * 1000},
    "disabled": {"status": 2},
    "a name with a line break": {"name": "two\nlines"},
    "a hostile name": {"name": "<!channel> `x` \u202eevil"},
    "a long name": {"name": "n" * 50},
}
EDITS: Mapping[str, tuple[Any, dict[str, Any]]] = {
    "name": ("renamed", {"name": "renamed"}),
    "expired_time": ("never", {"expired_time": -1}),
    "model_limits": (["gpt-4o-mini"], {"model_limits_enabled": True, "model_limits": "gpt-4o-mini"}),
    "allow_ips": ("192.0.2.9", {"allow_ips": "192.0.2.9"}),
    "group": ("default", {"group": "default"}),
}


@pytest.mark.thorough
@pytest.mark.parametrize("field", EDITS)
async def test_one_field_changes_and_no_other(free_desk: FreeDesk, field: str) -> None:
    typed, wanted = EDITS[field]
    async with free_desk() as desk:
        for number, (what, settings) in enumerate(RECORDS.items()):
            if field == "group" and settings.get("cross_group_retry"):
                continue  # that box belongs to the group and is asked about
            name = typed if field != "name" else f"renamed {number}"
            change = wanted if field != "name" else {"name": name}
            record = await desk.own(
                ADA, desk.gateway.add_key(**{"name": f"key {number}", "remain_quota": 1, **settings})
            )
            before = asdict(desk.gateway.key(record.id))
            answer = await desk.edit(ADA, record.id, **{field: name})
            if all(before[name] == value for name, value in change.items()):
                await desk.slack.close_view(ADA, desk.slack.top_view(ADA), clear=True)
                continue
            assert refusal(answer) == "", what
            request = (await desk.app.database.read(store.recent, limit=1))[0]
            settled = await desk.settled(request.id)
            assert settled.status is Status.SUCCEEDED, (what, settled.outcome)
            after = asdict(desk.gateway.key(record.id))
            if before["remain_quota"] < 0 and not before["unlimited_quota"]:
                # The gateway takes no record with less than 0 (gateway-api.md, section 18, rule 9), and it is said.
                change = change | {"remain_quota": 0}
                assert "overdrawn" in " ".join(present(settled.outcome).notes)
            if before["expired_time"] == 0 and field != "expired_time":
                # Never 0 on the wire (rule 8): a second after the beginning of time is just as long over.
                change = change | {"expired_time": 1}
            assert {k: v for k, v in after.items() if v != before[k]} == {
                k: v for k, v in change.items() if v != before[k]
            }, what
            await desk.slack.close_view(ADA, desk.slack.top_view(ADA), clear=True)


async def test_nothing_changed_is_said_and_nothing_is_asked(free_desk: FreeDesk) -> None:
    async with free_desk() as desk:
        for number, settings in enumerate(RECORDS.values()):
            record = await desk.own(ADA, desk.gateway.add_key(**{"name": f"key {number}", **settings}))
            answer = await desk.edit(ADA, record.id)
            assert list(answer.body["errors"]) == ["name"], settings
            assert "Nothing is changed yet" in answer.body["errors"]["name"], settings
            await desk.slack.close_view(ADA, desk.slack.top_view(ADA), clear=True)
        assert await desk.audit("asked") == []


async def test_a_second_writer_before_the_submission_keeps_what_they_wrote(free_desk: FreeDesk) -> None:
    async with free_desk() as desk:
        record = await desk.own(ADA, desk.gateway.add_key(name="shared", remain_quota=5, allow_ips="192.0.2.1"))
        await desk.open_edit(ADA, record.id)
        desk.gateway.edit_behind(record.id, allow_ips="192.0.2.77", group="vip", expired_time=LATER)
        await desk.fill(ADA, desk.slack.top_view(ADA), name="mine now")
        await desk.slack.submit(ADA, desk.slack.top_view(ADA))
        assert (await desk.settled()).status is Status.SUCCEEDED
        after = desk.gateway.key(record.id)
        assert (after.name, after.allow_ips, after.group, after.expired_time) == (
            "mine now",
            "192.0.2.77",
            "vip",
            LATER,
        )


async def test_a_key_that_changed_after_it_was_asked_is_left_alone(http_desk: Desk) -> None:
    desk = http_desk
    record = await desk.own(ADA, desk.gateway.add_key(name="shared", remain_quota=5))
    await desk.edit(ADA, record.id, name="mine now")
    desk.gateway.edit_behind(record.id, group="vip")
    await desk.slack.click(MIRA, await desk.eventually(lambda: desk.card(1)), "approve")
    row = await desk.settled()
    assert row.status is Status.FAILED
    assert row.outcome is not None
    assert "changed since" in row.outcome.sentence
    assert desk.gateway.key(record.id).name == "shared"
    await desk.eventually(lambda: desk.dm(ADA, "failed"))
    assert not desk.said("was changed")


async def test_usage_between_asking_and_approving_is_no_change(http_desk: Desk) -> None:
    desk = http_desk
    record = await desk.own(ADA, desk.gateway.add_key(name="busy", remain_quota=50_000))
    await desk.edit(ADA, record.id, name="still busy")
    desk.gateway.charge(record.id, 1_000)
    await desk.slack.click(MIRA, await desk.eventually(lambda: desk.card(1)), "approve")
    assert (await desk.settled()).status is Status.SUCCEEDED
    after = desk.gateway.key(record.id)
    assert (after.name, after.remain_quota, after.used_quota) == ("still busy", 49_000, 1_000)


async def test_the_card_shows_real_changes_only(http_desk: Desk) -> None:
    desk = http_desk
    record = await desk.own(ADA, desk.gateway.add_key(name="shared", remain_quota=5, allow_ips="192.0.2.1"))
    await desk.edit(ADA, record.id, group="vip")
    card = text_of(await desk.eventually(lambda: desk.card(1)))
    assert "*Group*" in card
    assert "*vip*" in card
    for label in ("*Name*", "*Expires*", "*Models*", "*Allowed IPs*", "*Quota*"):
        assert label not in card


async def test_limits_can_be_lifted(free_desk: FreeDesk) -> None:
    async with free_desk() as desk:
        record = await desk.own(
            ADA,
            desk.gateway.add_key(
                name="narrow",
                remain_quota=5,
                allow_ips="192.0.2.1",
                model_limits_enabled=True,
                model_limits="gpt-4o-mini",
            ),
        )
        await desk.edit(ADA, record.id, allow_ips=None, model_limits=[])
        assert (await desk.settled()).status is Status.SUCCEEDED
        after = desk.gateway.key(record.id)
        assert (after.allow_ips, after.model_limits_enabled) == ("", False)


async def test_a_key_of_somebody_else_is_not_shown_and_that_is_recorded(http_desk: Desk) -> None:
    desk = http_desk
    record = await desk.own(seed.SECOND_ENGINEER, desk.gateway.add_key(name="bens", allow_ips="192.0.2.99"))
    await desk.slack.command(ADA, seed.KEYS_CHANNEL, f"/apikey edit {record.id}")
    await desk.eventually(lambda: "does not allow" in view_text(desk.slack.top_view(ADA)))
    assert "192.0.2.99" not in view_text(desk.slack.top_view(ADA))
    assert [line["key_id"] for line in await desk.audit("refused")] == [record.id]


async def test_another_group_asks_about_the_retry_that_depends_on_it(desk_with: OpenDesk) -> None:
    async with desk_with(profile="upstream-g2") as desk:
        record = await desk.own(ADA, desk.gateway.add_key(name="shared", group="auto", cross_group_retry=True))
        await desk.open_edit(ADA, record.id)
        await desk.fill(ADA, desk.slack.top_view(ADA), group="vip")
        answer = await desk.slack.submit(ADA, desk.slack.top_view(ADA))
        assert list(present(answer.body)["errors"]) == ["cross_group_retry"]


async def test_several_keys_of_one_name_are_shown_to_choose_from(free_desk: FreeDesk) -> None:
    async with free_desk() as desk:
        twins = [await desk.own(ADA, desk.gateway.add_key(name="twin")) for _ in range(2)]
        await desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey edit twin")
        await desk.eventually(lambda: "Which one?" in view_text(desk.slack.top_view(ADA)))
        await desk.slack.click(ADA, desk.slack.top_view(ADA), "key.update", value=str(twins[0].id))
        await desk.eventually(lambda: desk.slack.top_view(ADA).body["callback_id"] == "key.update")
        assert f"Key {twins[0].id} " in view_text(desk.slack.top_view(ADA))


async def test_a_number_that_is_another_keys_name_is_not_guessed(http_desk: Desk) -> None:
    desk = http_desk
    meant = await desk.own(ADA, desk.gateway.add_key(name="meant"))
    other = await desk.own(ADA, desk.gateway.add_key(name=str(meant.id)))
    await desk.app.client.list_keys()  # as the look at the newest keys does every minute
    await desk.slack.command(ADA, seed.KEYS_CHANNEL, f"/apikey edit {meant.id}")
    await desk.eventually(lambda: "Which one?" in view_text(desk.slack.top_view(ADA)))
    await desk.slack.click(ADA, desk.slack.top_view(ADA), "key.update", value=str(meant.id))
    await desk.eventually(lambda: f"Key {meant.id} " in view_text(desk.slack.top_view(ADA)))
    await desk.slack.command(ADA, seed.KEYS_CHANNEL, f"/apikey edit #{other.id}")
    await desk.eventually(lambda: f"Key {other.id} " in view_text(desk.slack.top_view(ADA)))


@pytest.mark.parametrize(
    ("text", "shown"),
    [("edit old ci runner", "Key {id} "), ("quota old ci runner +5k", "+5k"), ("show old ci", "quotation")],
)
async def test_a_name_with_spaces_need_not_be_quoted(http_desk: Desk, text: str, shown: str) -> None:
    record = await http_desk.own(ADA, http_desk.gateway.add_key(name="old ci runner"))
    await http_desk.slack.command(ADA, seed.KEYS_CHANNEL, f"/apikey {text}")
    await http_desk.eventually(lambda: shown.format(id=record.id) in str(http_desk.slack.top_view(ADA).body))


@pytest.mark.parametrize("text", ["quota {value} +5k", "show old {value}", "edit {value} please now"])
async def test_the_value_of_a_key_is_not_repeated_with_more_words(http_desk: Desk, text: str) -> None:
    value = "aB3d" * 12
    await http_desk.slack.command(ADA, seed.KEYS_CHANNEL, f"/apikey {text.format(value=value)}")
    await http_desk.eventually(lambda: "the value of a key" in view_text(http_desk.slack.top_view(ADA)))
    assert "aB3d" not in str(http_desk.slack.top_view(ADA).body)


@pytest.mark.parametrize("text", ["999999", "no such key", "<!channel>", "9" * 40, "٣"])
async def test_an_unknown_key_is_said(http_desk: Desk, text: str) -> None:
    await http_desk.slack.command(ADA, seed.KEYS_CHANNEL, f"/apikey edit {text}")
    await http_desk.eventually(lambda: "There is no key" in view_text(http_desk.slack.top_view(ADA)))
    assert "<!channel>" not in view_text(http_desk.slack.top_view(ADA))
