"""What `check` says of cards, forms, the list of keys and secrets from files."""

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import bot.cli.check.slack
from bot.cli.check import gateway
from bot.cli.check.report import Report
from bot.cli.check.samples import Sample
from bot.slack.blocks import Message
from keydesk_sandbox.world import World
from tests.cli.conftest import Settle
from tests.cli.test_check import look


async def test_every_card_and_form_is_judged_by_slack(world: World, settle: Settle) -> None:
    _, lines = await look(world, settle())
    asked = [call for call in world.slack.calls if call.method == "blocks.validate"]
    assert f"ok    cards and forms: Slack takes all {len(asked)} of this version" in lines
    assert len(asked) > 50


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda w: setattr(w.slack.switches, "refused_methods", {"blocks.validate": "unknown_method"}), "warn  cards and forms: Slack does not judge them (unknown_method); Keydesk works without"),
        (lambda w: w.slack.limits.force("blocks.validate", times=1), "warn  cards and forms: Slack judged 0 of "),
        (lambda w: setattr(w.slack.switches, "refused_methods", {"blocks.validate": "invalid_blocks"}), "FAIL  cards and forms: Slack does not take the request card, pending: invalid_blocks; please report it"),
    ],
)  # fmt: skip
async def test_what_slack_says_of_cards_and_forms(
    world: World, settle: Settle, change: Callable[[World], Any], line: str
) -> None:
    change(world)
    _, lines = await look(world, settle())
    assert any(one.startswith(line) for one in lines), [one for one in lines if "cards" in one]


async def test_the_place_of_a_wrong_block_is_told(
    world: World, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = Sample("card", Message("x", [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]))
    monkeypatch.setattr(bot.cli.check.slack, "samples", lambda: iter([long]))
    _, lines = await look(world, settle())
    (told,) = [one for one in lines if "cards and forms" in one]
    assert told.startswith("FAIL  cards and forms: Slack does not take the card: ")
    assert "/message/blocks/0/text/text" in told


def test_many_keys_are_more_calls_than_background_work_has() -> None:
    out = io.StringIO()
    report = Report(out=out, secrets=[])
    gateway._tell_budget(report, 300, hidden=0)
    gateway._tell_budget(report, 30_000, hidden=600)
    assert out.getvalue().splitlines() == [
        "ok    list of keys: 300 keys are 3 calls, made again after about 10 minutes; background work has 90 in 180 s",
        (
            "warn  list of keys: 30,000 keys are 300 calls, made again after about 300 minutes; that takes about 10 minutes, "
            "since background work has 90 calls in 180 s; a new key is learnt within a minute all the same; keys that are gone are "
            "noticed later"
        ),
        "ok    masked values: 600 keys are known by their ends, and by their values after about 40 minutes",
    ]


async def test_secrets_from_files_are_named_with_their_rights(world: World, settle: Settle, tmp_path: Path) -> None:
    token, address = tmp_path / "token", tmp_path / "address"
    for path in (token, address):
        path.write_text("x")
        path.chmod(0o644)
    files = {"SLACK_BOT_TOKEN": str(token), "DATABASE_URL": str(address)}
    _, lines = await look(world, replace(settle(), files=files))
    assert "ok    secrets: from files: DATABASE_URL, SLACK_BOT_TOKEN; a new DATABASE_URL needs a restart" in lines
    assert f"warn  rights: other users of this machine may read {token}; chmod 600 {token}" in lines
