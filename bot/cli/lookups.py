"""Asks Slack and the gateway for the policy commands: who somebody is, who is in a group, which key is meant.

Every look is bounded in time. What cannot be asked becomes a printed note, and the command goes on with less.
"""

import asyncio
import contextlib
import time
from collections.abc import Collection, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TextIO, TypeVar

from bot.cli.on_call import OnCallNow, on_call_now, schedules_of
from bot.cli.policy import FoundKey
from bot.cli.read_only_database import open_read_only
from bot.errors import BotError, ConfigurationError, GatewayError, UserError
from bot.gateway.gateways import Gateways
from bot.gateway.models import Key
from bot.gateway.numbers import gateway_of, shown_number
from bot.gateway_accounts import GatewayPlace, Wires, clients, places
from bot.keys import gateway_blocks, locks, owners
from bot.keys.lookup import KeyLookup, Match, one
from bot.operations import facts_of
from bot.permissions.hypothetical import hypothetical_actor
from bot.permissions.models import Actor, ActorKind, Lock
from bot.permissions.rules import Policy
from bot.settings import PartialSettings, Settings, named_secret, proxies
from bot.slack.directory import Directory
from bot.slack.errors import SlackError, SlackRefused
from bot.slack.web_client import SlackWebClient

PATIENCE = 8.0
LONGEST = 20.0
MOST_GROUPS = 20
"""Tier 2 of Slack: 20 calls a minute."""
MOST_PEOPLE = 60
"""users.info allows 100 calls a minute, and the bot needs its share."""
_NO_GROUP = frozenset({"no_such_subteam", "subteam_not_found", "invalid_subteam_id", "subteam_disabled"})

T = TypeVar("T")


@dataclass(frozen=True)
class Members:
    """Group id → user ids where Slack told them; group id → what is wrong with the group, for the others."""

    known: Mapping[str, tuple[str, ...]]
    wrong: Mapping[str, str]


def slack_is_set(partial: PartialSettings, out: TextIO) -> bool:
    """Whether Slack can be asked. A token that is there but wrong gets a note; none at all is normal here."""
    if partial.usable("SLACK_BOT_TOKEN", "SLACK_API_URL"):
        return True
    wrong = [text for name, text in partial.problems.items() if name in {"SLACK_BOT_TOKEN", "SLACK_API_URL"}]
    out.writelines(f"note: Slack is not asked: {text}\n" for text in wrong if " is missing." not in text)
    return False


def find_actor(
    partial: PartialSettings, policy: Policy, question_groups: Sequence[str], user: str, out: TextIO
) -> Actor:
    """Who `user` is as Slack shows them now, with the given groups added; supposed, with a note, when it does not."""
    try:
        people, problems = run(people_now(partial, policy, [user]))
    except (SlackError, TimeoutError) as error:
        out.write(f"note: Slack could not be asked ({reason(error)}), so {user} is taken to be in no other group.\n")
        return hypothetical_actor(policy, [user, *question_groups])
    out.writelines(f"note: {problem}\n" for problem in problems)
    actor = people[user]
    if actor.kind is ActorKind.UNKNOWN:
        out.write(f"note: Slack does not tell who {user} is, and whom Keydesk does not know may do nothing.\n")
    return replace(actor, groups=actor.groups | set(question_groups))


def find_people(partial: PartialSettings, policy: Policy, users: Sequence[str], out: TextIO) -> dict[str, Actor]:
    """Those of `users` whom Slack knows, as it shows them now; a note when it cannot be asked."""
    try:
        people, problems = run(people_now(partial, policy, users[:MOST_PEOPLE]))
    except (SlackError, TimeoutError) as error:
        out.write(f"note: Slack could not be asked ({reason(error)}).\n")
        return {}
    out.writelines(f"note: {problem}\n" for problem in problems)
    return {user: actor for user, actor in people.items() if actor.kind is not ActorKind.UNKNOWN}


def _web(settings: Settings) -> SlackWebClient:
    return SlackWebClient(
        token=settings.slack_bot_token,
        api_url=settings.slack_api_url,
        timeout=PATIENCE,
        proxy_of=proxies().of_url,
    )


async def people_now(
    partial: PartialSettings, policy: Policy, users: Collection[str]
) -> tuple[dict[str, Actor], tuple[str, ...]]:
    """Each of `users` as Slack shows them now, and what is wrong with groups and schedules. Raises SlackError."""
    settings = partial.settings
    web = _web(settings)
    try:
        team_id = str((await web.read("auth.test")).get("team_id", ""))
        directory = Directory(
            web=web,
            team_id=team_id,
            group_ids=policy.group_ids,
            clock=time.time,
            patience=PATIENCE,
            schedules=schedules_of(partial, policy, web, team_id=team_id, proxies=proxies()),
        )
        try:
            people = {user: await directory.actor(user, "") for user in users}
            return people, directory.problems()
        finally:
            await directory.close()
    finally:
        await web.close()


async def group_members(web: SlackWebClient, groups: Iterable[str]) -> Members:
    """Who is in each group, at most 20 groups; the problem "" means that Slack was not or could not be asked."""
    known: dict[str, tuple[str, ...]] = {}
    wrong: dict[str, str] = {}
    for number, group in enumerate(sorted(groups)):
        try:
            if number >= MOST_GROUPS:
                wrong[group] = ""
                continue
            answer = await web.read("usergroups.users.list", usergroup=group)
        except SlackRefused as error:
            if error.code in _NO_GROUP:
                known[group] = ()
                wrong[group] = f"Slack has no enabled user group {group}, so nobody has its roles"
            else:
                wrong[group] = f"Slack does not tell who is in {group} ({error.code})"
        except SlackError:
            wrong[group] = ""
        else:
            known[group] = tuple(user for user in answer.get("users", ()) if isinstance(user, str))
            if not known[group]:
                wrong[group] = f"the user group {group} is empty, so nobody has its roles"
    return Members(known, wrong)


async def groups_now(partial: PartialSettings, policy: Policy) -> tuple[Members, list[OnCallNow]]:
    """Who is in each group of the policy and on call in each of its schedules, by the settings' own connection."""
    web = _web(partial.settings)
    try:
        members = await group_members(web, policy.group_ids())
        return members, await on_call_now(partial, policy, web, proxies())
    finally:
        await web.close()


def find_key(partial: PartialSettings, policy: Policy, text: str, actor: Actor, out: TextIO) -> FoundKey:
    """The one key that is meant: a number such as `12` or `prod/12`, or an exact name.

    Raises UserError, GatewayError, ConfigurationError.
    """
    try:
        matches, units = run(_matches(partial, policy, text, out))
    except TimeoutError:
        raise UserError("The gateway did not answer in time; try again, or leave --key out.") from None
    if not matches:
        raise UserError(f"The gateway has no key “{text}”; use its number or its exact name.")
    key = one(matches, text).key
    facts = facts_of(key.settings(), now=time.time(), increase=0, reason="", channel="")
    own, lock = _known_of(partial, key, actor, out)
    facts = replace(facts, lock=lock, gateway=gateway_of(key.id))
    told = units.get(int(key.id))
    return FoundKey(label=f"{shown_number(key.id)} “{key.name}”", own=own, facts=facts, units_per_usd=told)


async def _matches(
    partial: PartialSettings, policy: Policy, text: str, out: TextIO
) -> tuple[list[Match], dict[int, int]]:
    """The keys that may be meant, and what the gateway of each counts for a dollar, where it says so."""
    found = _places(partial.settings, policy, out)
    wires = Wires(
        transport=None,
        proxies=proxies(),
        clock=time.time,
        sleep=asyncio.sleep,
        observe=lambda *_told: None,
        timeout=PATIENCE,
    )
    gateways = Gateways(clients(found, wires))
    gateways.number(await _blocks(partial, [place.name for place in found]))
    try:
        matches = await KeyLookup(reader=gateways).whole(text, deadline=PATIENCE)
        units = dict[int, int]()
        for match in matches[:1]:
            # CometAPI does not document the call.
            with contextlib.suppress(GatewayError):
                told = (await gateways.of(match.key.id).get_status(deadline=PATIENCE)).quota_per_unit
                units |= {} if told is None else {int(match.key.id): told}
        return matches, units
    finally:
        await gateways.aclose()


def _places(settings: Settings, policy: Policy, out: TextIO) -> list[GatewayPlace]:
    """Every gateway that can be asked; a note about each that cannot."""
    there = []
    for terms in policy.gateways:
        try:
            there += places(settings, [terms], lambda name: named_secret(name).value)[1:]
        except ConfigurationError as error:
            out.write(f"note: the gateway {terms.name} is not asked: {error}\n")
    return [*places(settings, [], lambda _name: settings.cometapi_access_token), *there]


async def _blocks(partial: PartialSettings, names: Sequence[str]) -> dict[str, int]:
    """The blocks of their keys' numbers: those of the database, and made-up ones for gateways that it does not know."""
    known: dict[str, int] = {}
    with contextlib.suppress(ConfigurationError), open_read_only(partial.settings.database_url) as database:
        known = await database.read(gateway_blocks.known)
    for name in names:
        known.setdefault(name, max(known.values(), default=-1) + 1)
    return known


def _known_of(partial: PartialSettings, key: Key, actor: Actor, out: TextIO) -> tuple[bool, Lock | None]:
    """Whether the key is theirs, and why it is locked, as far as the database tells."""
    try:
        with open_read_only(partial.settings.database_url) as database:
            owner = run(database.read(owners.owner_of, key.id))
            lock = run(database.read(locks.lock_of, key.id, key.created_time))
    except ConfigurationError as error:
        out.write(
            f"note: who owns key {shown_number(key.id)} is not known, so it is taken as somebody else's: {error}\n"
        )
        return False, None
    return owner == actor.slack_user_id, lock


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` in a loop of its own, for at most 20 seconds. Raises TimeoutError."""

    async def bounded() -> T:
        async with asyncio.timeout(LONGEST):
            return await work

    return asyncio.run(bounded())


def reason(error: BaseException) -> str:
    """A few words for a note: Slack's own word, or what our error says."""
    if isinstance(error, SlackRefused):
        return error.code
    return error.sentence.rstrip(".") if isinstance(error, BotError) else "no answer in time"
