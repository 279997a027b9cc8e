"""The card of an alert: what it calls the leak, what it says of each key, and which buttons it offers."""

import json
from typing import Any

import pytest

from bot.alerts.call_times import CallPlan
from bot.alerts.cards.card import ALL_KEYS, EVENTS_SHOWN, UNKNOWN_SHOWN, card, card_buttons, found_lines
from bot.alerts.cards.sightings import Sightings
from bot.alerts.cards.standing import DisabledCount, standing_of
from bot.alerts.detection.key_index import MatchKind
from bot.alerts.models import (
    FETCHED,
    REMOVED,
    UNFETCHED,
    Alert,
    AlertAction,
    AlertEvent,
    AlertStatus,
    KeyFinding,
    KeySnapshot,
    MoreFinding,
)
from bot.approvals.models import ApprovalRequest, RevocationProgress, Status
from bot.gateway.dollars import Dollars
from tests.alerts.rows import NOW, alert_of, finding, request_of

UNITS = 500_000
PLAN = CallPlan(now=NOW, next=("security",))
DISABLE = AlertAction(operation="key.disable", by="U0SAM", clicked_at=NOW, request_id=1)
UNKNOWN = finding(how=MatchKind.UNKNOWN)
MASK = UNKNOWN.model_copy(update={"fingerprint": None})
WHOLE = UNKNOWN.model_copy(update={"fingerprint": "1:ab"})


def snapshot(key_id: int = 7, **changes: Any) -> KeySnapshot:
    return KeySnapshot(key_id=key_id, name=f"key {key_id}", **{"state": "active", "looked_at": NOW} | changes)


def leaked(*key_ids: int, **changes: Any) -> Alert:
    """An alert that holds the whole values of these keys."""
    keys = {key_id: snapshot(key_id) for key_id in key_ids}
    return alert_of(*(finding(key_id) for key_id in key_ids), **{"keys": keys} | changes)


def mass(**changes: Any) -> Alert:
    return leaked(7, more_findings=(MoreFinding("1:ab", 8), MoreFinding("1:cd", 9)), **changes)


def headline(alert: Alert, request: ApprovalRequest | None = None, batch: DisabledCount | None = None) -> str:
    text = card(
        alert, {} if request is None else {1: request}, dollars=Dollars(usual=UNITS), plan=PLAN, batch=batch
    ).text
    return text.translate({0x2068: None, 0x2069: None})


def buttons(alert: Alert, requests: dict[int, ApprovalRequest] | None = None, batch: Any = None) -> list[str]:
    standing = standing_of(alert, requests or {}, batch, now=NOW)
    blocks = card_buttons(alert, requests or {}, batch, standing=standing, now=NOW)
    return [one["text"]["text"] for block in blocks for one in block["elements"]]


def disabled(revocation: RevocationProgress | None) -> ApprovalRequest:
    return request_of(Status.SUCCEEDED, revocation=revocation, settled_at=NOW)


@pytest.mark.parametrize(
    ("alert", "words"),
    [
        (leaked(7), "Leaked key: *key 7*. It still works."),
        (leaked(7, keys={}), "Leaked key: *7*."),
        (leaked(1, 2, 3, 4), "4 leaked keys: *key 1*, *key 2*, *key 3* and 1 more. All of them still work."),
        (
            leaked(1, 2, keys={1: snapshot(1), 2: snapshot(2, state="disabled")}),
            "1 of 2 leaked keys still works: *key 1*.",
        ),
        (leaked(7, keys={7: snapshot(state="expired")}), "It does not work now, but it was not disabled"),
        (alert_of(finding(7, how=MatchKind.MASKED), keys={7: snapshot()}), "*key 7* may have leaked and still works."),
        (leaked(7, status=AlertStatus.FALSE_ALARM, closed_by="U0SAM"), "False alarm, says <@U0SAM>."),
        (mass(status=AlertStatus.FALSE_ALARM, closed_by="U0SAM"), "False alarm, says <@U0SAM>."),
        (alert_of(), "it names no key."),
        (alert_of(WHOLE), "it names no key of this account."),
        (alert_of(MASK), "it names a masked key that cannot be identified."),
        (alert_of(WHOLE, looked_up_at=None), "was not looked up yet. We keep trying."),
        (alert_of(source="github", place={UNFETCHED: True}), "GitHub found a secret that could not be fetched."),
        (mass(), "3 leaked keys. None of them is disabled yet."),
    ],
)
def test_the_first_line_says_what_is_known(alert: Alert, words: str) -> None:
    assert words in headline(alert)


@pytest.mark.parametrize(
    ("revocation", "words"),
    [
        (RevocationProgress(ended=True, refused_at=NOW), ":lock: Leaked key *key 7*: dead, refused by the gateway."),
        (RevocationProgress(), "disabled; now trying the key itself."),
        (RevocationProgress(ended=True, accepted_last=NOW), "disabled, but the gateway still accepts a key."),
        (RevocationProgress(ended=True), "disabled. The gateway was not seen to refuse it."),
    ],
)
def test_dead_is_only_what_the_gateway_was_seen_to_refuse(revocation: RevocationProgress, words: str) -> None:
    alert = leaked(7, actions={7: DISABLE}, keys={7: snapshot(state="disabled")})
    said = headline(alert, disabled(revocation))
    assert words in said
    assert ("dead" in said) is (revocation.refused_at is not None)


def test_a_key_that_is_in_use_again_comes_first() -> None:
    again = {7: snapshot(looked_at=NOW + 60)}
    alert = leaked(7, actions={7: DISABLE}, keys=again)
    assert "Leaked key, enabled again: *key 7*." in headline(alert, disabled(RevocationProgress(ended=True)))
    two = alert_of(finding(7), finding(8), actions={7: DISABLE}, keys={**again, 8: snapshot(8)})
    assert "Leaked keys, enabled again: *key 7*." in headline(two, disabled(RevocationProgress(ended=True)))


def test_a_deleted_key_is_called_deleted() -> None:
    assert ": deleted. The gateway was not seen" in headline(leaked(7, keys={7: snapshot(gone=True)}))


@pytest.mark.parametrize(
    ("batch", "words"),
    [
        (
            DisabledCount(1, 3, 0),
            ":rotating_light: 3 leaked keys: 1 of 3 disabled, 0 refused by the gateway (batch 4).",
        ),
        (DisabledCount(3, 3, 3), ":lock: 3 leaked keys: 3 of 3 disabled, 3 refused by the gateway (batch 4)."),
    ],
)
def test_a_leak_of_many_keys_is_a_count(batch: DisabledCount, words: str) -> None:
    assert headline(mass(batch_id=4), batch=batch) == words


def test_where_it_was_found_is_linked_and_said() -> None:
    place = {"channel": "C0GEN", "ts": "1.2", "by": "U0BEN", "shown_by": "U0ADA"}
    text = str(card(leaked(7, source="slack", place=place), {}, dollars=Dollars(usual=UNITS), plan=PLAN).blocks)
    assert "channel=C0GEN&amp;message_ts=1.2" in text
    assert "by <@U0BEN>, reported by <@U0ADA>." in text
    alone = str(
        card(leaked(7, source="slack", place={"channel": "C0GEN"}), {}, dollars=Dollars(usual=UNITS), plan=PLAN).blocks
    )
    assert "by <@" not in alone
    assert "in <#C0GEN>" in alone


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"url": "https://ci.test/1"}, "<https://ci.test/1|A key in a log>"),
        ({"text": "line 5"}, "line 5"),
        ({"deliveries": 1_200}, "delivered 1,200 times"),
        ({"url": "https://ci.test/1"}, "<https://ci.test/1|open it at its source>"),
        ({"source": "another"}, "from another"),
    ],
)
def test_the_card_says_what_the_source_said(changes: dict[str, Any], words: str) -> None:
    assert words in str(card(leaked(7, **changes), {}, dollars=Dollars(usual=UNITS), plan=PLAN).blocks)


def test_the_number_at_its_source_is_no_text_for_people() -> None:
    assert "a-1" not in str(card(leaked(7, their_id="a-1"), {}, dollars=Dollars(usual=UNITS), plan=PLAN).blocks)


def test_an_alert_without_a_title_or_a_number_of_theirs_has_none() -> None:
    blocks = card(leaked(7, title="", their_id="sha256:ab"), {}, dollars=Dollars(usual=UNITS), plan=PLAN).blocks
    assert "sha256" not in str(blocks)
    assert "**" not in str(blocks)


@pytest.mark.parametrize(
    ("alert", "words"),
    [
        (alert_of(finding(1, 2, how=MatchKind.AMBIGUOUS)), "fits 2 keys (1, 2). None of them was touched"),
        (alert_of(WHOLE), "Unknown here, so not touched: `sk-aB3d…wXyZ`. If it is a key, it is another account's."),
        (alert_of(WHOLE, WHOLE.model_copy(update={"hint": "x"})), "If they are keys, they are another account's."),
        (alert_of(MASK), "is a masked key that cannot be identified"),
        (alert_of(MASK, MASK.model_copy(update={"hint": "x"})), "are masked keys that cannot be identified"),
        (alert_of(WHOLE, looked_up_at=None), "Not looked up yet: `sk-aB3d…wXyZ`. The gateway is being asked."),
        (alert_of(notes=("<note>",)), "&lt;note&gt;"),
    ],
)
def test_what_was_found_beside_the_keys_is_said(alert: Alert, words: str) -> None:
    assert words in str(found_lines(alert))


def test_many_unknown_ones_are_counted_and_the_last_events_are_told() -> None:
    many = [KeyFinding(hint=f"h{n}", how=MatchKind.UNKNOWN, fingerprint="1:ab") for n in range(UNKNOWN_SHOWN + 2)]
    assert "and 2 more" in str(found_lines(alert_of(*many)))
    events = tuple(AlertEvent(id=str(n), at=NOW, sentence=f"event {n}") for n in range(EVENTS_SHOWN + 1))
    said = str(found_lines(alert_of(events=events)))
    assert "event 0" not in said
    assert "event 1" in said
    assert found_lines(alert_of(events=events[:1])) == []


@pytest.mark.parametrize(
    ("alert", "names"),
    [
        (leaked(7), ["Disable now", "Rotate…", "I am on it", "False alarm"]),
        (leaked(7, 8), ["Disable…", "Rotate…", "I am on it", "False alarm"]),
        (alert_of(), ["Not ours"]),
        (alert_of(source="github", place={FETCHED: True, UNFETCHED: True}), ["Not ours", "False alarm"]),
        (leaked(7, acknowledged_by="U0SAM", acknowledged_at=NOW - 60), ["Disable now", "Rotate…", "False alarm"]),
        (
            leaked(7, acknowledged_by="U0SAM", acknowledged_at=NOW - 1801),
            ["Disable now", "Rotate…", "I am on it", "False alarm"],
        ),
        (leaked(7, place={REMOVED: [""]}), ["Not ours", "False alarm"]),
        (alert_of(status=AlertStatus.NOT_OURS), []),
        (leaked(7, status=AlertStatus.FALSE_ALARM), []),
        (mass(), ["Disable all 3", "I am on it", "False alarm"]),
        (mass(batch_id=4), ["Disable all 3", "I am on it"]),
    ],
)
def test_it_offers_what_can_be_done_now(alert: Alert, names: list[str]) -> None:
    assert buttons(alert) == names


def test_what_is_done_is_offered_no_more_and_more_keys_are_another_batch() -> None:
    done = leaked(7, actions={7: DISABLE}, keys={7: snapshot(state="disabled")})
    assert buttons(done, {1: disabled(None)}) == ["Enable again…"]
    gone = leaked(7, actions={7: DISABLE}, keys={7: snapshot(gone=True)})
    assert buttons(gone, {1: disabled(None)}) == []
    assert buttons(mass(batch_id=4), batch=DisabledCount(3, 3, 0)) == []
    assert buttons(mass(batch_id=4), batch=DisabledCount(2, 2, 0)) == ["Disable all 3", "I am on it"]


def test_a_card_says_which_gateway_does_not_answer_while_it_is_open() -> None:
    def text(**changes: Any) -> str:
        return str(card(leaked(7, **changes), {}, dollars=Dollars(usual=UNITS), plan=PLAN).blocks)

    assert "The gateway prod does not answer now" in text(place={"away": ["prod"]})
    assert "The gateway does not answer now" in text(place={"away": [""]})
    assert "does not answer" not in text() + text(place={"away": []})
    assert "does not answer" not in text(place={"away": ["prod"]}, status=AlertStatus.FALSE_ALARM)


def drawn(alert: Alert, **more: Any) -> list[str]:
    """The text of each block."""
    blocks = card(alert, {}, dollars=Dollars(usual=UNITS), plan=PLAN, **more).blocks
    return [json.dumps(block, ensure_ascii=False).translate({0x2068: None, 0x2069: None}) for block in blocks]


def test_who_acts_comes_first_then_what_makes_the_key_suspicious_then_the_key() -> None:
    later = alert_of(source="alertmanager", title="Alertmanager: Network", text="Used from an unknown network")
    alert = leaked(7, keys={7: snapshot(accessed_time=NOW + 120)})
    texts = drawn(alert, seen=Sightings([later], 1, NOW))
    wanted: tuple[str, ...] = (
        "It still works",
        "*Called now*",
        "*I am on it* pauses",
        "A key in a log",
        "“Used from an unknown network”",
    )
    wanted += ("was used since this alert came in", "*Key*")
    found = [next(at for at, text in enumerate(texts) if words in text) for words in wanted]
    assert found == sorted(found)
    assert not any("was used since" in text for text in drawn(leaked(7, keys={7: snapshot(accessed_time=NOW + 30)})))


def test_of_many_keys_each_is_a_line_and_the_rest_is_counted_and_reachable() -> None:
    keys = {number: snapshot(number, state="disabled" if number > 10 else "active") for number in range(1, 15)}
    alert = leaked(*keys, keys=keys)
    texts = drawn(alert)
    assert any("*key 8* · id 8 · :rotating_light: *works*" in text for text in texts)
    assert any("… and 6 more keys: *All keys* shows each." in text for text in texts)
    assert ALL_KEYS in texts[-1]
    assert ALL_KEYS not in drawn(leaked(1, 2, 3, 4))[-1]
    closed = leaked(*keys, keys=keys, status=AlertStatus.FALSE_ALARM)
    assert buttons(closed) == ["All keys"]


def test_a_gateway_that_is_gone_beside_one_that_is_not_is_said() -> None:
    text = "".join(drawn(leaked(7, place={REMOVED: ["old"]})))
    assert "The gateway old is not in the policy any more, so its keys" in text
    assert "close this alert" not in text
