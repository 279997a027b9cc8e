"""Who must act, and by when: the same on the card, in the messages that called, and on the Home."""

from dataclasses import replace
from typing import Any

import pytest

from bot.alerts.call_times import CallPlan
from bot.alerts.cards.call_lines import call_blocks, call_message, home_text, over_call
from bot.alerts.cards.standing import Standing
from bot.alerts.detection.key_index import MatchKind
from bot.alerts.models import AWAY, REMOVED, Alert, AlertAction, AlertCalls, KeySnapshot
from bot.approvals.models import Status
from bot.slack.blocks import date
from tests.alerts.rows import NOW, alert_of, finding, request_of

PLAN = CallPlan(now=NOW, last=("oncall",), next=("security", "U0SAM"))
WORKS, STOPS = Standing(living=(7,)), Standing(stopping=(7,))
SEEN = {7: KeySnapshot(key_id=7, name="search", state="active")}
CALLED = AlertCalls(number=1, step=1, next_at=NOW + 300)


def leaked(**changes: Any) -> Alert:
    return alert_of(finding(7), **{"keys": SEEN} | changes)


def text_of(alert: Alert, standing: Standing = WORKS, plan: CallPlan = PLAN) -> str:
    return str(call_blocks(alert, standing, plan)).replace("\\u2068", "").replace("\\u2069", "")


@pytest.mark.parametrize(
    ("alert", "plan", "words"),
    [
        (leaked(), PLAN, ["*Called now*", "the role *security* and <@U0SAM>", date(NOW + 300), "The calls end when"]),
        (leaked(keys={}), PLAN, ["*Called now*, if the gateway says that the key works", date(NOW + 300)]),
        (
            leaked(keys={}, place={AWAY: [""]}),
            PLAN,
            ["As soon as the gateway says that the key works, the role *security*"],
        ),
        (leaked(), CallPlan(now=NOW, next=("security",), automatic=True), ["has it disabled at once. If that fails"]),
        (
            leaked(calls=AlertCalls(called_by=2)),
            PLAN,
            ["Alert 2 is about the same key, and people are called from that alert."],
        ),
        (
            leaked(calls=CALLED),
            PLAN,
            ["*Called last*: the role *oncall*. *Next call*: the role *security*", date(NOW + 300)],
        ),
        (leaked(calls=AlertCalls(number=1, step=1)), PLAN, ["*Called last*: the role *oncall*."]),
        (leaked(), CallPlan(now=NOW, nobody=True), ["*Nobody is called about this alert*", "keydesk policy lint"]),
        (
            leaked(acknowledged_by="U0BEN", acknowledged_at=NOW, calls=CALLED),
            PLAN,
            [f"<@U0BEN> is on it until {date(NOW + 1800)}.", "If the key still works then", "the role *security*"],
        ),
        (
            leaked(acknowledged_by="U0BEN", acknowledged_at=NOW),
            CallPlan(now=NOW, nobody=True),
            ["<@U0BEN> is on it until", "Nobody is called after that."],
        ),
        (
            leaked(acknowledged_by="U0BEN", acknowledged_at=NOW - 1801, calls=CALLED),
            PLAN,
            ["*Called last*", "<@U0BEN> was on it, and the key still works."],
        ),
        (
            leaked(place={REMOVED: [""]}),
            CallPlan(now=NOW, next=("security",)),
            ["is not in the policy any more*", "close this alert with *Not ours*"],
        ),
        (leaked(place={REMOVED: [""]}), PLAN, ["*Called once*: the role *oncall*. Nobody is called again"]),
    ],
)
def test_the_card_says_who_acts_and_by_when(alert: Alert, plan: CallPlan, words: list[str]) -> None:
    text = text_of(alert, plan=plan)
    assert [one for one in words if one not in text] == []


def test_while_an_order_is_under_way_it_says_what_follows_and_over_is_over() -> None:
    assert "If it does not stop the key, the next call goes to the role *security*" in text_of(leaked(), STOPS)
    assert call_blocks(leaked(), STOPS, CallPlan(now=NOW, nobody=True)) == []
    assert call_blocks(leaked(), Standing(), PLAN) == []


@pytest.mark.parametrize(
    ("changes", "body", "words"),
    [
        ({}, {"who": "<@U0SAM>", "step": 0}, "<@U0SAM> The leaked key *search* still works. Please act on the card"),
        ({}, {"who": "<@U0SAM>", "step": 2}, "Nobody has acted yet."),
        ({}, {"who": "<@U0SAM>", "silence": "PagerDuty is silent."}, "PagerDuty is silent."),
        ({"acknowledged_by": "U0BEN", "acknowledged_at": NOW}, {"who": "<@U0SAM>"}, "nobody else needs to act before"),
        ({"acknowledged_by": "U0BEN", "acknowledged_at": NOW - 1801}, {"who": "<@U0SAM>"}, "was on it; is it done?"),
        ({}, {"text": "<@U0SAM> as an earlier version said it"}, "<@U0SAM> as an earlier version said it"),
        ({"acknowledged_by": "U0BEN", "acknowledged_at": NOW}, {"text": "Old."}, "Old. <@U0BEN> is on it until"),
    ],
)
def test_a_message_that_called_says_how_things_stand_now(changes: Any, body: dict[str, Any], words: str) -> None:
    text = call_message(leaked(**changes), {}, body, standing=WORKS, batch=None, now=NOW).text
    assert words in text.translate({0x2068: None, 0x2069: None})


def test_a_message_that_called_says_at_once_that_an_order_is_under_way() -> None:
    action = AlertAction(operation="key.disable", by="U0SAM", clicked_at=NOW, request_id=1)
    alert, requests = leaked(actions={7: action}), {1: request_of(Status.RUNNING)}
    text = call_message(alert, requests, {"who": "<@U0SAM>"}, standing=STOPS, batch=None, now=NOW).text
    assert "It is being taken out of use" in text
    assert "Please act" not in text
    assert "This call is over." in over_call(alert, requests, None, now=NOW).text
    assert "the card above" in over_call(leaked(elsewhere={7: 2}), {}, None, now=NOW).text


@pytest.mark.parametrize(
    ("alert", "plan", "words"),
    [
        (leaked(), PLAN, "being called now: the role *security*"),
        (leaked(calls=CALLED), PLAN, f"next call: the role *security* and <@U0SAM>, {date(NOW + 300)}"),
        (leaked(), CallPlan(now=NOW, nobody=True), "nobody is called: please act"),
        (leaked(acknowledged_by="U0BEN", acknowledged_at=NOW), PLAN, f"<@U0BEN> is on it until {date(NOW + 1800)}"),
        (leaked(place={REMOVED: [""]}), PLAN, "its gateway is not in the policy any more"),
    ],
)
def test_the_home_says_the_same(alert: Alert, plan: CallPlan, words: str) -> None:
    assert words in home_text(alert, plan).translate({0x2068: None, 0x2069: None})


def test_an_alert_about_no_key_of_ours_says_that_nobody_is_called_and_when() -> None:
    text = text_of(alert_of(finding(how=MatchKind.UNKNOWN), looked_up_at=NOW), Standing())
    assert "Nobody is called, and there is no time limit." in text


def test_who_has_the_role_now_is_said_where_it_calls_nobody() -> None:
    plan = replace(PLAN, people={"security": frozenset({"U0SAM", "S0TEAM"})})
    assert "next call: the role *security* (<@U0SAM>) and <@U0SAM>" in home_text(leaked(calls=CALLED), plan).translate(
        {0x2068: None, 0x2069: None}
    )
