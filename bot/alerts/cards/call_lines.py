"""Who is called to an alert, when next, and what ends it: on its card, in the messages that call, on the Home. Pure."""

from collections.abc import Mapping
from typing import Any

from bot.alerts.call_times import CallPlan, due, next_call, paused_until
from bot.alerts.cards.headline import first_line
from bot.alerts.cards.key_blocks import key_name
from bot.alerts.cards.key_state import Requests
from bot.alerts.cards.standing import DisabledCount, Standing
from bot.alerts.models import Alert, AlertStatus
from bot.approvals.cards.role_names import role_names
from bot.languages import joined, tr, trn
from bot.languages.formats import all_of, some_of
from bot.languages.sentence import from_stored
from bot.slack.blocks import Block, Message, code, context, date, mention, section

NOBODY_CALLED = tr(
    "The policy names no people who may disable any key at once, so nobody is called when a key leaks; its alert only "
    "stands in the security channel."
)
NOT_CALLED = tr(
    "Nobody is called, and there is no time limit. Security: look where it was seen; if it is no key of ours, press "
    "*Not ours*."
)
_ENDS = tr(
    "The calls end when no key of this alert works any more, or when the alert is closed. *I am on it* pauses them for "
    "30 minutes."
)


def called_text(names: tuple[str, ...], plan: CallPlan) -> str:
    """The roles and people of a call. Who has a role now is said where the plan tells it."""
    return role_names(names, plan.people)


def call_blocks(alert: Alert, standing: Standing, plan: CallPlan) -> list[Block]:
    """For the card: who must act, and what happens by when if nobody does."""
    if standing.is_over:
        return [section(NOT_CALLED)] if alert.status is AlertStatus.OPEN and alert.is_foreign else []
    if alert.removed:
        return [section(_removed(alert, plan))]
    if not standing.living:
        sentence = tr(
            ":hourglass_flowing_sand: An order is under way. If it does not stop the key, the next call goes to "
            "{people}.",
            people=called_text(plan.next, plan),
        )
        return [context(sentence)] if plan.next and not plan.nobody else []
    pause = paused_until(alert)
    if pause is not None and plan.now < pause and alert.acknowledged_by is not None:
        return [section(_taken(alert, plan, pause))]
    if plan.nobody:
        return [section(_nobody())]
    text = _called_first(alert, plan) if alert.calls.step == 0 else _called_again(alert, plan)
    return [section(text), context(_ENDS)]


def _nobody() -> str:
    return tr(
        ":rotating_light: *Nobody is called about this alert*: the policy names no people who may disable any key at "
        "once, or none of them is on call. If you read this, please tell an administrator now: the key works until "
        "somebody disables it. {command} says what the policy lacks.",
        command=code("keydesk policy lint"),
    )


def _taken(alert: Alert, plan: CallPlan, until: float) -> str:
    who, time = mention(alert.acknowledged_by or ""), date(until)
    taken = tr(":eyes: {who} is on it until {time}.", who=who, time=time)
    if plan.nobody:
        return joined(taken, tr("Nobody is called after that."))
    after = tr("If the key still works then, the next call goes to {people}.", people=called_text(plan.next, plan))
    return joined(taken, after)


def _called_first(alert: Alert, plan: CallPlan) -> str:
    people = called_text(plan.next, plan)
    if alert.calls.called_by is not None:
        return tr(
            ":bell: Alert {number} is about the same key, and people are called from that alert.",
            number=alert.calls.called_by,
        )
    if plan.automatic and not alert.actions and alert.batch_id is None:
        return tr(":bell: The policy has it disabled at once. If that fails, {people} will be called.", people=people)
    if alert.away and not alert.keys:
        return tr(":bell: As soon as the gateway says that the key works, {people} will be called.", people=people)
    again = date(max(alert.received_at, plan.now) + due(1))
    if not alert.keys:
        return tr(
            ":bell: *Called now*, if the gateway says that the key works: {people}. *Next call*: the same people, "
            "{time}, unless somebody acts before.",
            people=people,
            time=again,
        )
    return tr(
        ":bell: *Called now*, in the thread below: {people}. *Next call*: the same people, {time}, unless somebody "
        "acts before.",
        people=people,
        time=again,
    )


def _called_again(alert: Alert, plan: CallPlan) -> str:
    at = next_call(alert)
    last, people = called_text(plan.last, plan), called_text(plan.next, plan)
    if at is None:
        return tr(":bell: *Called last*: {people}.", people=last)
    sentence = tr(
        ":bell: *Called last*: {last}. *Next call*: {people}, {time}, unless somebody acts before.",
        last=last,
        people=people,
        time=date(at),
    )
    if alert.acknowledged_by is None:
        return sentence
    return joined(sentence, tr("{who} was on it, and the key still works.", who=mention(alert.acknowledged_by)))


def _removed(alert: Alert, plan: CallPlan) -> str:
    text = trn(
        ":warning: *The gateway {gateways} is not in the policy any more*, so its keys can neither be read nor "
        "disabled here. Disable them at that gateway itself, then close this alert with *Not ours*.",
        ":warning: *The gateways {gateways} are not in the policy any more*, so their keys can neither be read nor "
        "disabled here. Disable them at those gateways themselves, then close this alert with *Not ours*.",
        len(alert.removed),
        gateways=all_of(map(code, alert.removed)),
    )
    if not plan.last:
        return text
    last = tr(
        "*Called once*: {people}. Nobody is called again unless the gateway is put back into the policy.",
        people=called_text(plan.last, plan),
    )
    return joined(text, last)


def which_text(alert: Alert, living: tuple[int, ...]) -> str:
    """Which keys of it still work."""
    shown = some_of([key_name(alert, key_id) for key_id in living], 3)
    if set(living) <= set(alert.all_sure_keys):
        return trn("The leaked key {keys} still works.", "The leaked keys {keys} still work.", len(living), keys=shown)
    return trn(
        "An alert may mean key {keys}, which still works.",
        "An alert may mean one of the keys {keys}, which still work.",
        len(living),
        keys=shown,
    )


def call_message(
    alert: Alert,
    requests: Requests,
    body: Mapping[str, Any],
    *,
    standing: Standing,
    batch: DisabledCount | None,
    now: float,
) -> Message:
    """A message that called people, as things stand now. `body`: whom it called, and which call it was."""
    if not standing.living:
        text = first_line(alert, requests, batch, now=now)
        return Message(text, [section(text)])
    who = from_stored(body.get("who", ""))
    if not who:
        # Of an earlier version: the text is kept whole, as it was when it called.
        who = from_stored(body.get("text", ""))
        state = _taken_text(alert, now=now)
        text = joined(who, state) if state else who
        return Message(text, [section(text)])
    waits = tr("Nobody has acted yet.") if body.get("step") else tr("Please act on the card above.")
    state = _taken_text(alert, now=now) or waits
    text = joined(who, which_text(alert, standing.living), state, from_stored(body.get("silence", "")))
    return Message(text, [section(text)])


def _taken_text(alert: Alert, *, now: float) -> str:
    pause = paused_until(alert)
    if pause is None or alert.acknowledged_by is None:
        return ""
    who = mention(alert.acknowledged_by)
    if now < pause:
        return tr("{who} is on it until {time}; nobody else needs to act before.", who=who, time=date(pause))
    return tr("{who} was on it; is it done?", who=who)


def over_call(alert: Alert, requests: Requests, batch: DisabledCount | None, *, now: float) -> Message:
    """A call that needs nobody any more: how it ended."""
    if alert.is_sighting:
        sentence = tr("This call is over; the card above says how it ended.")
        return Message(sentence, [context(sentence)])
    ended = joined(first_line(alert, requests, batch, now=now), tr("This call is over."))
    return Message(ended, [context(ended)])


def home_text(alert: Alert, plan: CallPlan) -> str:
    """For the Home: who has it in hand until when, or who is called when."""
    if alert.removed:
        return tr("its gateway is not in the policy any more; its card says how to close it")
    pause, at = paused_until(alert), next_call(alert)
    if pause is not None and alert.acknowledged_by is not None and plan.now < pause:
        return tr("{who} is on it until {time}", who=mention(alert.acknowledged_by), time=date(pause))
    if plan.nobody:
        return tr("nobody is called: please act, or tell an administrator")
    if at is None:
        return tr("being called now: {people}", people=called_text(plan.next, plan))
    return tr("next call: {people}, {time}", people=called_text(plan.next, plan), time=date(at))
