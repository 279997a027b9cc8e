"""The first sentence of an alert's card: what became of its keys, or what it is about. No clients."""

from collections.abc import Sequence

from bot.alerts.cards.key_blocks import key_name
from bot.alerts.cards.key_state import (
    Requests,
    is_being_tried,
    is_enabled_again,
    is_out_of_use,
    is_still_accepted,
    living_keys,
    refused_at,
    stopping_keys,
)
from bot.alerts.cards.standing import DisabledCount
from bot.alerts.models import UNFETCHED, Alert, AlertStatus
from bot.languages import joined, tr, trn
from bot.languages.formats import some_of, with_commas
from bot.slack.blocks import mention


def first_line(alert: Alert, requests: Requests, batch: DisabledCount | None, *, now: float) -> str:
    """How the alert stands, in one sentence; of one whose keys a batch disables how many are."""
    return _mass_headline(alert, batch) or headline(alert, requests, now=now)


def _mass_headline(alert: Alert, batch: DisabledCount | None) -> str:
    """Of a leak of more keys than are shown: how many of how many are disabled, and refused."""
    if not alert.is_mass_leak or alert.status is AlertStatus.FALSE_ALARM:
        return ""
    total = len(alert.all_sure_keys)
    if batch is None:
        return trn(
            ":rotating_light: {count} leaked key. It is not disabled yet.",
            ":rotating_light: {count} leaked keys. None of them is disabled yet.",
            total,
        )
    sentence = trn(
        "{count} leaked key: {done} of {count} disabled, {refused} refused by the gateway (batch {batch}).",
        "{count} leaked keys: {done} of {count} disabled, {refused} refused by the gateway (batch {batch}).",
        total,
        done=f"{batch.done:,}",
        refused=f"{batch.refused:,}",
        batch=alert.batch_id,
    )
    return f"{':lock:' if batch.refused >= total else ':rotating_light:'} {sentence}"


def headline(alert: Alert, requests: Requests, *, now: float) -> str:
    """The same of an alert whose keys are acted on one by one."""
    names = [key_name(alert, key_id) for key_id in alert.sure_keys] or [key_name(alert, i) for i in alert.possible_keys]
    if alert.status is not AlertStatus.OPEN:
        return _closed_headline(alert)
    if not alert.possible_keys:
        return _keyless_headline(alert)
    which = some_of(names, 3)
    if not alert.sure_keys:
        return _masked_headline(alert, requests, which)
    again = [key_name(alert, key_id) for key_id in alert.sure_keys if is_enabled_again(alert, key_id, requests)]
    if again:
        return trn(
            ":rotating_light: Leaked key, enabled again: {keys}.",
            ":rotating_light: Leaked keys, enabled again: {keys}.",
            len(names),
            keys=which if len(again) == len(alert.sure_keys) else with_commas(again[:3]),
        )
    return _in_use(alert, requests, which, now=now) or _standing(alert, requests, which, len(names))


def _in_use(alert: Alert, requests: Requests, which: str, *, now: float) -> str:
    """While some of its keys work, as far as was seen: how many, and whether an order is about to stop them."""
    sure, total = set(alert.sure_keys), len(alert.sure_keys)
    living = [key_id for key_id in living_keys(alert, requests, now=now) if key_id in sure]
    stopping = [key_id for key_id in stopping_keys(alert, requests, now=now) if key_id in sure]
    if living and not set(living) <= alert.keys.keys():
        return trn(":rotating_light: Leaked key: {keys}.", ":rotating_light: Leaked keys: {keys}.", total, keys=which)
    if len(living) == total:
        return trn(
            ":rotating_light: Leaked key: {keys}. It still works.",
            ":rotating_light: {count} leaked keys: {keys}. All of them still work.",
            total,
            keys=which,
        )
    names = some_of([key_name(alert, key_id) for key_id in living or stopping], 3)
    if living:
        return trn(
            ":rotating_light: {count} of {total} leaked keys still works: {keys}.",
            ":rotating_light: {count} of {total} leaked keys still work: {keys}.",
            len(living),
            total=total,
            keys=names,
        )
    if not stopping:
        return ""
    if total == 1:
        return tr(
            ":hourglass_flowing_sand: Leaked key: {keys}. It is being taken out of use and works until then.",
            keys=names,
        )
    return trn(
        ":hourglass_flowing_sand: {count} of {total} leaked keys still works and is being taken out of use: {keys}.",
        ":hourglass_flowing_sand: {count} of {total} leaked keys still work and are being taken out of use: {keys}.",
        len(stopping),
        total=total,
        keys=names,
    )


def _masked_headline(alert: Alert, requests: Requests, which: str) -> str:
    """Of an alert that proves no key: the key it may mean is told like any other once something became of it."""
    acted = [key_id for key_id in alert.possible_keys if key_id in alert.actions]
    again = [key_name(alert, key_id) for key_id in acted if is_enabled_again(alert, key_id, requests)]
    if again:
        return tr(":rotating_light: A key that an alert may mean was enabled again: {keys}.", keys=some_of(again, 3))
    done = [key_id for key_id in acted if is_out_of_use(alert, key_id, requests)]
    if not done:
        if alert.the_key is not None and is_out_of_use(alert, alert.the_key, requests):
            return tr(":no_entry_sign: An alert may mean key {keys}, which is out of use.", keys=which)
        if alert.the_key is not None and alert.the_key in alert.keys and alert.keys[alert.the_key].may_work:
            return tr(
                ":warning: {keys} may have leaked and still works. Only its first and last characters are known: look "
                "where it was seen and compare; when in doubt, press *Disable now*.",
                keys=which,
            )
        return tr(":warning: An alert may mean key {keys}. Only its first and last characters are known.", keys=which)
    return _masked_standing(alert, requests, done)


def _masked_standing(alert: Alert, requests: Requests, done: Sequence[int]) -> str:
    names = some_of([key_name(alert, key_id) for key_id in done], 3)
    actions_of = [alert.actions[key_id] for key_id in done]
    if all(refused_at(action, requests) is not None for action in actions_of):
        return tr(":lock: Key {keys}, which an alert may mean, is dead: refused by the gateway.", keys=names)
    if any(is_being_tried(action, requests) for action in actions_of):
        return tr(
            ":hourglass_flowing_sand: Key {keys}, which an alert may mean, is disabled; now trying the key itself.",
            keys=names,
        )
    if any(is_still_accepted(action, requests) for action in actions_of):
        return tr(
            ":rotating_light: Key {keys}, which an alert may mean, is disabled, but the gateway still accepts it.",
            keys=names,
        )
    return tr(
        ":no_entry_sign: Key {keys}, which an alert may mean, is disabled. The gateway was not seen to refuse it.",
        keys=names,
    )


def _standing(alert: Alert, requests: Requests, which: str, number: int) -> str:
    """How far its keys are out of use, none of which works. Only a refusal that was seen is called death."""
    actions_of = [alert.actions.get(key_id) for key_id in alert.sure_keys]
    if all(refused_at(action, requests) is not None for action in actions_of):
        return trn(
            ":lock: Leaked key {keys}: dead, refused by the gateway.",
            ":lock: Leaked keys {keys}: dead, refused by the gateway.",
            number,
            keys=which,
        )
    if not all(is_out_of_use(alert, key_id, requests) for key_id in alert.sure_keys):
        return trn(
            ":warning: Leaked key: {keys}. It does not work now, but it was not disabled: it is expired or used up.",
            ":warning: Leaked keys: {keys}. None of them works now, but not all were disabled: some are expired or "
            "used up.",
            number,
            keys=which,
        )
    if any(is_being_tried(action, requests) for action in actions_of):
        return trn(
            ":hourglass_flowing_sand: Leaked key {keys}: disabled; now trying the key itself.",
            ":hourglass_flowing_sand: Leaked keys {keys}: disabled; now trying the key itself.",
            number,
            keys=which,
        )
    if any(is_still_accepted(action, requests) for action in actions_of):
        return trn(
            ":rotating_light: Leaked key {keys}: disabled, but the gateway still accepts a key.",
            ":rotating_light: Leaked keys {keys}: disabled, but the gateway still accepts a key.",
            number,
            keys=which,
        )
    return _disabled(alert, requests, which, number)


def _disabled(alert: Alert, requests: Requests, which: str, number: int) -> str:
    """Of keys that are out of use, of which not all were seen to be refused."""
    if dead := sum(refused_at(action, requests) is not None for action in map(alert.actions.get, alert.sure_keys)):
        text = trn(
            ":lock: {count} of {total} leaked keys is dead, refused by the gateway.",
            ":lock: {count} of {total} leaked keys are dead, refused by the gateway.",
            dead,
            total=number,
        )
        others = trn(
            "The other one was out of use before and was not tried.",
            "The other {count} were out of use before and were not tried.",
            number - dead,
        )
        return joined(text, others)
    if all(key_id in alert.keys and alert.keys[key_id].gone for key_id in alert.sure_keys):
        return trn(
            ":no_entry_sign: Leaked key {keys}: deleted. The gateway was not seen to refuse it.",
            ":no_entry_sign: Leaked keys {keys}: deleted. The gateway was not seen to refuse it.",
            number,
            keys=which,
        )
    return trn(
        ":no_entry_sign: Leaked key {keys}: disabled. The gateway was not seen to refuse it.",
        ":no_entry_sign: Leaked keys {keys}: disabled. The gateway was not seen to refuse it.",
        number,
        keys=which,
    )


def _keyless_headline(alert: Alert) -> str:
    if alert.place.get(UNFETCHED):
        return tr(":rotating_light: GitHub found a secret that could not be fetched. Look at it there.")
    if alert.awaits_lookup:
        return tr(":hourglass_flowing_sand: An alert came in; what it names was not looked up yet. We keep trying.")
    if alert.is_untellable:
        return tr(":question: An alert came in; it names a masked key that cannot be identified.")
    if alert.unknown:
        return tr(":question: An alert came in; it names no key of this account.")
    return tr(":question: An alert came in; it names no key.")


def _closed_headline(alert: Alert) -> str:
    who = mention(alert.closed_by or "")
    if alert.status is AlertStatus.NOT_OURS:
        return tr(":white_check_mark: Not ours, says {who}.", who=who)
    return tr(":white_check_mark: False alarm, says {who}.", who=who)
