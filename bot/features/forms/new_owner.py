"""What adopting a key and giving it away share: the person in the command and in the form, and who may own a key."""

import re
from dataclasses import dataclass, replace
from typing import Any

from bot.deps import Deps
from bot.errors import InputError
from bot.features.forms.again import register_again
from bot.features.forms.fields import FormReader, Prefill, reason_block
from bot.features.forms.key_command import KeyCommand, refuse_nothing
from bot.features.forms.key_form import KeyForm, Seen
from bot.features.forms.preview import decision_block
from bot.gateway.models import Key, KeyId, KeyStatus
from bot.gateway.numbers import shown_number
from bot.gateway.writes import WriteResult, WriteStatus
from bot.languages import tr
from bot.operations import OWNER_FIELD, Change, Look, NewOwner, Operation, Work, facts_of
from bot.permissions.models import Actor, ActorKind, Facts
from bot.slack.blocks import modal, section
from bot.slack.delivery import Ack, Delivery
from bot.slack.inputs import MENTION, input_block, person_select, picked_person
from bot.slack.router import Router

_GROUP = re.compile(r"<!(?:subteam\^[A-Z0-9]+|here|channel|everyone)(?:\|[^>]*)?>")
_NAMELESS = re.compile(r"(?:^|\s)(@\S+)")
_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”|«[^»]*»|'[^']*'")
# Slack does not say who somebody is: the run waits so long, in seconds, looking again after so many.
SILENT_SECONDS, AGAIN_SECONDS = 3600.0, 5.0

_KINDS = {
    ActorKind.GUEST: tr("{who} is a guest here. Only full members of this workspace own keys."),
    ActorKind.BOT: tr("{who} is an app, not a person. Only full members of this workspace own keys."),
    ActorKind.DEACTIVATED: tr("The account of {who} is deactivated. Only full members of this workspace own keys."),
    ActorKind.OUTSIDER: tr("{who} belongs to another workspace. Only full members of this workspace own keys."),
    ActorKind.UNKNOWN: tr("Slack does not say who {who} is. Choose the person again, or try again in a minute."),
}


@dataclass(frozen=True)
class Typed:
    """`KEY @person reason`: each "" where it was not typed. `person`: a Slack user id."""

    key: str
    person: str
    reason: str


def parse(text: str) -> Typed:
    """What was typed after the command. Raises InputError for groups, several people, and names without a mention."""
    if _GROUP.search(text):
        raise InputError({OWNER_FIELD: tr("That is a group. A key belongs to one person: mention that person.")})
    people = list(MENTION.finditer(text))
    if len({found["id"] for found in people}) > 1:
        raise InputError({OWNER_FIELD: tr("You mentioned several people. A key belongs to one: mention that one.")})
    if not people:
        if nameless := _NAMELESS.search(_QUOTED.sub("", text)):
            raise InputError({OWNER_FIELD: _not_a_mention(nameless[1][:40])})
        return Typed(text.strip(), "", "")
    first = people[0]
    key, reason = text[: first.start()].strip(), MENTION.sub("", text[first.end() :]).strip()
    return Typed(key, first["id"], reason) if key else Typed(reason, first["id"], "")


def _not_a_mention(who: str) -> str:
    return tr(
        "I do not know who “{typed}” is: the command needs a mention. Type @ and choose the person from Slack's list, "
        "or leave the person out and choose them in the form.",
        typed=who,
    )


def why_no_owner(person: Actor) -> str:
    """Why somebody cannot own a key; "" when they can."""
    if person.kind is ActorKind.MEMBER:
        return ""
    return _KINDS[person.kind].filled(who=f"@{person.name}" if person.name else person.slack_user_id)


async def receiver(look: Look, wanted: NewOwner) -> Actor:
    """The person who is to own the key. Raises InputError when they cannot."""
    if not wanted.owner_id:
        raise InputError({OWNER_FIELD: tr("Choose the person who is to own the key.")})
    if not await look.ownership.account_is_known(wanted.key_id):
        raise InputError({OWNER_FIELD: _other_account()})
    person = await look.ownership.standing(wanted.owner_id)
    if problem := why_no_owner(person):
        raise InputError({OWNER_FIELD: problem})
    return person


def _other_account() -> str:
    return tr("The gateway shows another account than the one whose keys are known here, so no key gets an owner.")


def arriving(key: Key, look: Look) -> Facts:
    """The policy's view of a key that comes to somebody: all that is left on it, and a key more where it works."""
    settings = key.settings()
    rest = 0 if settings.unlimited_quota else max(0, settings.remain_quota)
    facts = facts_of(settings, now=look.now, increase=rest, reason=look.reason, channel=look.channel_id)
    return replace(facts, adds_key=key.status != KeyStatus.DISABLED)


def owner_lines(before: str | None, after: str) -> tuple[Change, ...]:
    """The line of a card: who owns the key, and who is to."""
    return (Change(field=OWNER_FIELD, label=tr("Owner"), before=before, after=after),)


async def refuse_replaced(look: Look, key: Key) -> None:
    """Raise InputError for a key that a rotation has replaced: it ends, and its successor has its place."""
    successor = await look.successor_of(key.id, key.created_time)
    if successor is not None:
        raise InputError(
            {OWNER_FIELD: tr("The key was replaced by key {key}; that one is in use.", key=shown_number(successor))}
        )


async def read_again(work: Work, wanted: NewOwner) -> Key | WriteResult:
    """The key as it is now, if it may change hands: the same key, in use, for somebody who may own it."""
    if not await work.ownership.account_is_known(wanted.key_id):
        return refused(_other_account())
    if problem := await _standing(work, wanted.owner_id):
        return problem
    if why := await work.lineage.out_of_use(wanted.key_id):
        return refused(why)
    key = await work.client.get_key(KeyId(wanted.key_id))
    if isinstance(work.before, Key) and work.before.created_time != key.created_time:
        return refused(tr("The number belongs to another key now than the one that this was asked for."))
    return key


async def _standing(work: Work, owner_id: str) -> WriteResult | None:
    person = await work.ownership.standing(owner_id)
    problem = why_no_owner(person)
    if person.kind is ActorKind.UNKNOWN and work.client.now() - work.approved_at < SILENT_SECONDS:
        return WriteResult(status=WriteStatus.FAILED, sentence=problem, again_after=AGAIN_SECONDS)
    return refused(problem) if problem else None


def refused(sentence: str) -> WriteResult:
    """The end of a run that changed nothing, and why."""
    return WriteResult(status=WriteStatus.REFUSED, sentence=sentence)


def handed_over(key: Key) -> WriteResult:
    """Nothing is written to the gateway: the owner's row is, with the outcome of the request."""
    return WriteResult(status=WriteStatus.DONE, before=key, key=key)


def build_owner_modal(operation: Operation, seen: Seen, text: str, *, live: str, units_per_usd: int) -> dict[str, Any]:
    """The modal: the key, what happens, who is to own it, why, and who decides it."""
    mentioned = MENTION.match(seen.rest)
    person = person_select(initial=mentioned["id"] if mentioned else "")
    reason = seen.rest[mentioned.end() :].strip() if mentioned else seen.rest
    blocks = [
        seen.line(units_per_usd),
        section(text),
        input_block(OWNER_FIELD, tr("New owner"), person, dispatch=True),
        reason_block(Prefill(reason=reason)),
        decision_block(live),
    ]
    submit = operation.description.button
    return modal(operation.name, operation.title, blocks, submit=submit, private_metadata=seen.model_dump_json())


def read_owner(reader: FormReader) -> str:
    """The chosen person. Raises InputError when nobody is."""
    person = picked_person(reader.state, OWNER_FIELD)
    if not person:
        raise InputError({OWNER_FIELD: tr("Choose the person who is to own the key.")})
    return person


def register_owner_form(router: Router, deps: Deps, operation: Operation, form: Any) -> KeyForm:
    """Name the command, the button, the changes in the form and its submission. Returns the form."""
    key_form = KeyForm(deps, operation, form)
    command = KeyCommand(deps, operation.description, key_form.build)

    async def by_text(delivery: Delivery) -> Ack:
        typed = parse(delivery.text)
        refuse_nothing(typed.key)
        if not typed.person:
            return await command.by_text(delivery)
        return await command.by_name(delivery, typed.key, f"<@{typed.person}> {typed.reason}".strip())

    register_again(router, deps, operation, key_form.refilled)
    described = operation.description
    router.command(described.command, by_text, usage=described.usage, help=described.help)
    router.action(operation.name, command.by_button)
    router.modal_action(operation.name, key_form.redraw)
    router.view(operation.name, key_form.submit)
    return key_form
