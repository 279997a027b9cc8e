"""Help is made from the table of commands, so it cannot forget one: by groups of jobs, and only what a person may do.

It must always answer: where Slack does not say who somebody is, it shows everything. Drawn once for each language and
each set of roles.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from bot.deps import Deps
from bot.languages import current, joined, said, tr, trc
from bot.permissions.entitlements import entitlements
from bot.permissions.models import Actor, ActorKind
from bot.permissions.rules import Policy
from bot.slack.blocks import Block, Message, actions, button, code, context, section
from bot.slack.delivery import Ack, Delivery, Ephemeral
from bot.slack.router import HelpEntry, Router

# Jobs, and the words of the commands for each; what is in none of them comes last.
GROUPS = (
    (tr("*Get a key, and look after it*"), ("new", "list", "show", "usage")),
    (tr("*Change a key*"), ("edit", "quota", "allowance", "budget", "rotate", "give", "adopt")),
    (tr("*Stop a key, and bring it back*"), ("disable", "end", "delete", "enable")),
    (tr("*Requests and rules*"), ("requests", "why", "audit")),
)
_OTHER = tr("*Other*")
# Drawings that are kept: languages times sets of roles, of which a workspace has a few.
_MOST = 200
# Who somebody is, is asked again after so long; what they may do then is asked with each click anyway.
FRESH_SECONDS, _MOST_PEOPLE = 10.0, 2_000


def message(router: Router, may: Collection[str] | None = None, *, gateways: Sequence[str] = ()) -> Message:
    """The help text with its buttons. `may`: the words of the commands to show; None = all. `gateways`: where there are
    several, their names.
    """
    entries = [entry for entry in router.help_entries() if may is None or entry.word in may]
    buttons = actions(
        button(tr("Ask for a key"), "key.create", style="primary"),
        button(tr("My keys"), "my_keys"),
        button(tr("My requests"), "my_requests"),
    )
    small: str = tr(
        "KEY is a key's number (`12` or `#12`) or its exact name. Where several keys may be meant, you choose. "
        "A key's value is shown in a window to its owner, never in a message."
    )
    if gateways:
        key, example = code(f"{gateways[-1]}/12"), code(f"{router.command_name} new NAME $5 on {gateways[-1]}")
        small = joined(small, tr("There are several gateways: {key} is key 12 of one of them.", key=key))
        small = joined(small, tr("{command} asks for a key at that one.", command=example))
    hidden = len(entries) < len(router.help_entries())
    notes = [small, *([tr("What the policy gives you no right to is left out.")] if hidden else [])]
    intro = section(tr("*Keydesk* gives out API keys of the LLM gateway. What would you like to do?"))
    return Message(
        tr("Keydesk: {commands}", commands=", ".join(entry.word for entry in entries)),
        [intro, buttons, *_groups(router.command_name, entries), context(*notes)],
    )


def _groups(command: str, entries: Collection[HelpEntry]) -> list[Block]:
    grouped = {word for _, words in GROUPS for word in words}
    other = tuple(entry.word for entry in entries if entry.word not in grouped)
    blocks = []
    for title, words in (*GROUPS, (_OTHER, other)):
        lines = [_line(command, entry) for word in words for entry in entries if entry.word == word]
        if lines:
            blocks.append(section("\n".join([said(title), *lines])))
    return blocks


def _line(command: str, entry: HelpEntry) -> str:
    return trc(
        "a command and what it does",
        "{command}  {meaning}",
        command=code(f"{command} {entry.word} {entry.usage}".rstrip()),
        meaning=entry.help,
    )


@dataclass(frozen=True)
class HelpListeners:
    """The command."""

    router: Router
    deps: Deps
    _drawn: dict[tuple[str, str, frozenset[str]], Ephemeral] = field(default_factory=dict)
    _told: dict[tuple[str, str, str, str], tuple[float, Ephemeral]] = field(default_factory=dict)

    async def answer(self, delivery: Delivery) -> Ack:
        """What this person may do, in their language."""
        now, policy = self.deps.clock(), self.deps.policy()
        asked = delivery.user_id, delivery.user_team_id, current().tag, policy.hash
        told = self._told.get(asked)
        if told is None or not 0 <= now - told[0] < FRESH_SECONDS:
            if len(self._told) >= _MOST_PEOPLE:
                self._told.clear()
            told = self._told[asked] = now, await self._drawn_for(delivery, policy)
        return told[1]

    async def _drawn_for(self, delivery: Delivery, policy: Policy) -> Ephemeral:
        actor = await self.deps.actor(delivery)
        key = current().tag, policy.hash, policy.roles.held(actor)
        if key not in self._drawn:
            if len(self._drawn) >= _MOST:
                self._drawn.clear()
            self._drawn[key] = Ephemeral.of(
                message(self.router, self._words(actor), gateways=self.deps.gateways), fixed=True
            )
        return self._drawn[key]

    def _words(self, actor: Actor) -> Collection[str] | None:
        """The commands whose operations the policy gives to this person; None where nobody knows who it is."""
        if actor.kind is ActorKind.UNKNOWN:
            return None
        given = {one.operation for one in entitlements(self.deps.policy(), actor)}
        operations = {word: self.deps.operations.named(word) for word in self.router.words()}
        return {word for word, described in operations.items() if described is None or described.name in given}


def register(router: Router, deps: Deps) -> None:
    """Register the command; its answer is drawn when it is asked for, when every other command is registered."""
    router.command("help", HelpListeners(router, deps).answer, help=tr("this page"))
