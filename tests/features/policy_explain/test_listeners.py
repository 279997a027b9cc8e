"""What `why` answers: how much at once and who decides the rest, or the decision where nothing hangs on an amount."""

import json
from typing import Any

import pytest

from bot.errors import InputError
from bot.features import OPERATIONS
from bot.features.policy_explain.listeners import PolicyExplainListeners, deciding_rules, explanation
from bot.permissions import Actor, Ask, Facts, Lock, decide, parse_policy
from bot.slack.command_words import other_words
from bot.slack.delivery import Ephemeral
from keydesk_sandbox import seed
from tests.features.desk import ListenerDesk
from tests.narrow import expect

POLICY = parse_policy(seed.POLICY)
ADA = Actor(slack_user_id="U0ADA", groups=frozenset({"S0ENGINEERS"}))
GUS = Actor(slack_user_id="U0GUS")
QUESTION = "how much at once, and who decides the rest"


def shown(actor: Actor, operation: str, facts: Facts | None = None) -> str:
    ask = Ask(actor=actor, operation=operation, facts=facts or Facts())
    described = OPERATIONS.descriptions[operation]
    message = explanation(ask, decide(POLICY, ask), None, described, rules=deciding_rules(POLICY, ask))
    return json.dumps(message.blocks, ensure_ascii=False)


async def why(desk: ListenerDesk, text: str) -> str:
    listeners = PolicyExplainListeners(desk.deps, other_words())
    answer = expect(Ephemeral, await listeners.why(desk.delivery(text=text)))
    return f"{answer.text} {json.dumps(answer.blocks, ensure_ascii=False)}"


def test_without_values_it_says_how_much_is_free_and_who_decides_the_rest() -> None:
    told = shown(ADA, "key.create")
    assert "*At once*\\n• up to 500k units ($1.00), for at most 90 days · `small keys are free`" in told
    assert "• `no eternal unlimited keys`: refused if the quota has no limit" in told
    assert "• `a manager decides the rest`: decided by manager" in told
    assert "Granted" not in told


def test_of_an_allowance_too() -> None:
    told = shown(ADA, "key.allowance")
    assert "*At once*\\n• up to 2.5M units ($5.00) in 30 days" in told
    assert "`small allowances are free`" in told
    assert "• `a manager decides the rest`: decided by manager" in told
    assert "Granted" not in told


def test_what_hangs_on_no_amount_is_decided() -> None:
    told = shown(ADA, "key.disable")
    assert "Granted at once" in told
    assert QUESTION not in told


def test_whoever_may_do_nothing_gets_no_rules() -> None:
    assert "Not allowed" in shown(GUS, "key.quota")
    assert deciding_rules(POLICY, Ask(actor=GUS, operation="key.quota")) == ()


def test_a_locked_key_is_decided_by_its_lock() -> None:
    lock = Lock(cause="alert", by="", at=0.0, number=1, rule="")
    assert QUESTION not in shown(ADA, "key.quota", Facts(lock=lock))


def test_the_rules_are_those_about_one_s_own_or_about_others() -> None:
    text = (
        '[[rules]]\nname = "a"\nwho = ["*"]\ndo = ["key.quota"]\nallow = true\n'
        '[[rules]]\nname = "b"\nwho = ["*"]\ndo = ["key.*"]\non = "any"\nallow = true\n'
    )
    policy = parse_policy(text)
    for own, names in ((True, ["a"]), (False, ["b"])):
        ask = Ask(actor=ADA, operation="key.quota", own=own)
        assert [rule.name for rule in deciding_rules(policy, ask)] == names


@pytest.mark.parametrize("word", ["new", "key.create", "新增", "NEW"])
async def test_it_takes_the_words_of_the_commands(listener_desk: ListenerDesk, word: str) -> None:
    assert f"`/apikey new` for you: {QUESTION}" in await why(listener_desk, word)


@pytest.mark.parametrize(
    ("text", "told"), [("quote", "Did you mean `quota`?"), ("", "Say which operation."), ("x", "`new`, `list`")]
)
async def test_what_it_does_not_know_is_said(listener_desk: ListenerDesk, text: str, told: str) -> None:
    with pytest.raises(InputError, match=told.replace("?", r"\?")):
        await why(listener_desk, text)


async def test_a_word_for_two_operations_is_asked_back(listener_desk: ListenerDesk) -> None:
    listeners = PolicyExplainListeners(listener_desk.deps, {"both": ("new", "quota")})
    with pytest.raises(InputError, match="`both` may mean `new` or `quota`"):
        await listeners.why(listener_desk.delivery(text="both"))


async def test_a_quota_without_an_amount_is_not_granted_but_bounded(listener_desk: ListenerDesk) -> None:
    key = await listener_desk.owned(name="nightly build")
    for named in (str(key.id), "nightly build"):
        told = await why(listener_desk, f"quota {named}")
        assert QUESTION in told
        assert "• up to 100k units ($0.20) · `small top-ups are free`" in told
        assert "Granted" not in told


@pytest.mark.parametrize(
    ("amount", "told"), [("+100k", "Granted at once"), ("+100001", "Needs approval"), ("-100k", "Granted at once")]
)
async def test_with_an_amount_it_is_decided(listener_desk: ListenerDesk, amount: str, told: str) -> None:
    key = await listener_desk.owned()
    assert told in await why(listener_desk, f"quota {key.id} {amount}")


async def test_a_wrong_amount_is_said(listener_desk: ListenerDesk) -> None:
    key = await listener_desk.owned()
    with pytest.raises(InputError, match="“a lot” is not an amount"):
        await why(listener_desk, f"quota {key.id} a lot")


async def test_an_edit_is_bounded_and_a_disable_decided(listener_desk: ListenerDesk) -> None:
    key: Any = await listener_desk.owned()
    assert QUESTION in await why(listener_desk, f"edit {key.id}")
    assert "• Nothing." in await why(listener_desk, f"edit {key.id}")
    assert "Granted at once" in await why(listener_desk, f"disable {key.id}")
