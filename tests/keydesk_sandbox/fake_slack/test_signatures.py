"""G9, A2: what a delivery looks like on the wire, and how it can be signed wrongly."""

import hashlib
import hmac
import time

import pytest
from slack_sdk.signature import SignatureVerifier

from keydesk_sandbox.fake_slack.slack import FakeSlack
from keydesk_sandbox.fake_slack.switches import Signature
from tests.keydesk_sandbox.fake_slack.kit import SECRET, Bot, Got


def is_good(got: Got) -> bool:
    return SignatureVerifier(SECRET).is_valid_request(got.raw, got.headers)


async def test_every_delivery_carries_a_v0_signature_with_the_real_time(slack: FakeSlack, bot: Bot) -> None:
    await slack.command("U1ALICE", "C1GENERAL", "/apikey new")
    got = bot.got[0]
    stamp = got.headers["x-slack-request-timestamp"]
    assert abs(int(stamp) - time.time()) < 5
    digest = hmac.new(SECRET.encode(), f"v0:{stamp}:".encode() + got.raw, hashlib.sha256).hexdigest()
    assert got.headers["x-slack-signature"] == f"v0={digest}"
    assert is_good(got)


@pytest.mark.parametrize("mode", ["wrong", "missing", "old"])
async def test_bad_signatures_are_bad(slack: FakeSlack, bot: Bot, mode: Signature) -> None:
    slack.switches.signature = mode
    await slack.command("U1ALICE", "C1GENERAL", "/apikey new")
    assert not is_good(bot.got[0])


async def test_a_replay_sends_the_same_bytes_and_headers(slack: FakeSlack, bot: Bot) -> None:
    await slack.command("U1ALICE", "C1GENERAL", "/apikey new")
    await slack.deliveries.replay(slack.sent[0])
    assert bot.got[0].raw == bot.got[1].raw
    assert bot.got[0].headers["x-slack-signature"] == bot.got[1].headers["x-slack-signature"]


async def test_commands_and_interactivity_are_forms_and_events_are_json(slack: FakeSlack, bot: Bot) -> None:
    await slack.command("U1ALICE", "C1GENERAL", "/apikey new")
    await slack.shortcut("U1ALICE", "new_key")
    await slack.say("U1ALICE", "C1GENERAL", "hello")
    kinds = [got.headers["content-type"] for got in bot.got]
    assert kinds == ["application/x-www-form-urlencoded"] * 2 + ["application/json"]
    assert b"payload=" in bot.got[1].raw


async def test_the_url_is_verified_with_a_challenge(slack: FakeSlack, bot: Bot) -> None:
    bot.answer = lambda got: (200, got.payload["challenge"])
    assert (await slack.events.verify_url("abc")).body == "abc"


async def test_events_follow_redirects_and_commands_do_not(slack: FakeSlack, bot: Bot) -> None:
    bot.answer = lambda _: (302, None)
    bot.answer_headers = [(b"location", b"/elsewhere")]
    assert (await slack.command("U1ALICE", "C1GENERAL", "/apikey")).status == 302
    assert len(bot.got) == 1
