"""Incident mode: many keys at once, with a preview, a typed confirmation, progress, a stop and a way back."""

from typing import Any

import pytest

from keydesk_sandbox import seed
from keydesk_sandbox.fake_gateway import Record
from tests.scenarios.alerting import SAM
from tests.scenarios.desk import Desk, buttons_of, text_of, view_text

ADA = seed.ENGINEER
CHANNEL = seed.SECURITY_CHANNEL


def make(desk: Desk, number: int, **fields: Any) -> list[Record]:
    return [desk.gateway.add_key(name=f"svc-{index}", unlimited_quota=True, **fields) for index in range(number)]


async def preview(desk: Desk, text: str, user: str = SAM) -> str:
    await desk.slack.command(user, CHANNEL, f"/apikey {text}")
    await desk.eventually(lambda: "Looking" not in view_text(desk.slack.top_view(user)))
    return view_text(desk.slack.top_view(user))


async def confirm(desk: Desk, word: str, user: str = SAM) -> None:
    view = desk.slack.top_view(user)
    await desk.fill(user, view, confirm=word, reason="the laptop was stolen")
    answer = await desk.slack.submit(user, desk.slack.top_view(user))
    assert answer.ok, answer


def progress(desk: Desk, fragment: str = "") -> list[str]:
    return [text_of(m) for m in desk.messages(CHANNEL) if "Batch " in text_of(m) and fragment in text_of(m)]


async def test_a_person_instead_of_a_key_gets_the_right_words(desk: Desk) -> None:
    await desk.slack.command(SAM, CHANNEL, "/apikey disable @ada")
    assert f"`/apikey disable all of @…` means every key of <@{ADA}>" in desk.slack.messages(CHANNEL, SAM)[-1].text


async def test_several_keys_by_name_and_number_after_a_typed_confirmation(desk: Desk) -> None:
    records = make(desk, 3)
    shown = await preview(desk, f"disable {records[0].id} svc-1 “svc-2”")
    assert "3 keys will be disabled" in shown
    assert all(desk.gateway.key(record.id).status == 1 for record in records)

    view = desk.slack.top_view(SAM)
    await desk.fill(SAM, view, confirm="disable 2", reason="x")
    answer = await desk.slack.submit(SAM, desk.slack.top_view(SAM))
    assert "Type DISABLE 3" in str(answer)
    assert all(desk.gateway.key(record.id).status == 1 for record in records)

    await confirm(desk, "disable 3")
    await desk.eventually(lambda: progress(desk, "3 of 3"))
    assert all(desk.gateway.key(record.id).status == 2 for record in records)
    assert len(progress(desk)) == 1
    applied = [line for line in await desk.audit("applied") if line["details"].get("batch") == 1]
    assert {line["key_id"] for line in applied} == {record.id for record in records}
    assert {line["actor"] for line in applied} == {SAM}


async def test_all_keys_of_a_person_and_back_except_those_that_were_dead_before(http_desk: Desk) -> None:
    desk = http_desk
    records = make(desk, 12)
    for record in records:
        await desk.own(ADA, record)
    desk.gateway.edit_behind(records[0].id, status=2)
    shown = await preview(desk, "disable all of @ada")
    assert "11 keys will be disabled" in shown
    assert "1 is disabled already" in shown
    await confirm(desk, "DISABLE 11")
    await desk.eventually(lambda: progress(desk, "> disabled "))
    assert {desk.gateway.key(record.id).status for record in records} == {2}
    word = (await desk.eventually(lambda: desk.dm(ADA, "11 of your keys were disabled")))[0]
    assert f"by <@{SAM}>" in text_of(word)
    assert "the laptop was stolen" in text_of(word)
    assert str(word.blocks).count("request_replacement") == 11
    card = next(m for m in desk.messages(CHANNEL) if "> disabled " in text_of(m))
    assert buttons_of(card) == ["undo_batch"]

    shown = await preview(desk, "enable batch 1")
    assert "11 keys will be enabled" in shown
    await confirm(desk, "ENABLE 11")
    await desk.eventually(lambda: progress(desk, "> enabled "))
    assert desk.gateway.key(records[0].id).status == 2
    assert {desk.gateway.key(record.id).status for record in records[1:]} == {1}
    await desk.eventually(lambda: progress(desk, "Taken back by batch"))
    await desk.eventually(lambda: desk.dm(ADA, "11 of your keys were enabled"))
    word = (await desk.eventually(lambda: desk.dm(ADA, "Taken back by")))[0]
    assert "request_replacement" not in str(word.blocks)


async def test_keys_created_before_a_day(http_desk: Desk) -> None:
    desk = http_desk
    old = make(desk, 2, created_time=1_700_000_000)
    shown = await preview(desk, "disable created before 2024-01-01")
    assert "2 keys will be disabled" in shown
    await confirm(desk, "DISABLE 2")
    await desk.eventually(lambda: progress(desk, "2 of 2"))
    assert {desk.gateway.key(record.id).status for record in old} == {2}
    assert desk.key("production").status == 1


async def test_an_engineer_gets_no_preview_of_other_peoples_keys(http_desk: Desk) -> None:
    desk = http_desk
    make(desk, 2)
    await desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey disable svc-0 svc-1")
    await desk.eventually(lambda: "does not allow" in view_text(desk.slack.top_view(ADA)))
    assert (await desk.audit("refused"))[-1]["actor"] == ADA


async def test_a_batch_is_stopped_and_what_is_left_is_untouched(
    http_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = http_desk
    records = make(desk, 40)
    desk.gateway.arm("slow", delay=0.05, times=1_000)
    await preview(desk, f"disable {' '.join(str(record.id) for record in records)}")
    await confirm(desk, "DISABLE 40")
    card = await desk.eventually(lambda: [m for m in desk.messages(CHANNEL) if "Batch 1" in text_of(m)])
    await desk.slack.click(SAM, card[0], "stop_batch")
    desk.gateway.disarm()
    await desk.eventually(lambda: progress(desk, "Stopped by"))
    await desk.eventually(lambda: progress(desk, "were not touched"))
    assert any(desk.gateway.key(record.id).status == 1 for record in records)


async def test_a_single_key_keeps_its_own_form(http_desk: Desk) -> None:
    desk = http_desk
    await desk.slack.command(SAM, CHANNEL, "/apikey disable production")
    await desk.eventually(lambda: desk.slack.top_view(SAM).body["callback_id"] == "key.disable")
