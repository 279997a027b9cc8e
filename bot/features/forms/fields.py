"""The fields of a key as a form: how they look, how they are read, what is wrong with what was typed.

Shared by the forms that make and change keys. Block ids are the gateway's field names (names.md); the action id is
`value`. Knows no client: what the gateway offers is handed in.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.errors import InputError
from bot.features.forms.addresses import address_problem, split_ips
from bot.gateway.models import NEVER, Group
from bot.gateway.validation import invisible_character
from bot.keys.reference import KeyReference
from bot.languages import joined, said, tr, trc, trn
from bot.languages.formats import with_commas
from bot.operations import Expiry
from bot.slack.blocks import Block, option, truncate
from bot.slack.inputs import (
    State,
    checkboxes,
    clipped,
    datetime_picker,
    external_multi_select,
    external_select,
    input_block,
    picked_time,
    select,
    text_input,
    ticked,
    typed,
)
from bot.typed_text import clean, clean_line, clean_number
from bot.units import format_duration, parse_quota

NAME, QUOTA, UNLIMITED, EXPIRY, EXPIRY_AT = "name", "remain_quota", "unlimited_quota", "expired_time", "expired_time_at"
MODELS, IPS, GROUP, CROSS_GROUP, REASON = "model_limits", "allow_ips", "group", "cross_group_retry", "reason"
EVERY_MODEL, GATEWAY = "every_model", "gateway"
ASK = trc("button of a form: ask for this", "Request")

NAME_LIMIT = 50
MODELS_LIMIT = 1024
GROUP_LIMIT = 64
TEXT_LIMIT = 3000
AUTO_GROUP = "auto"
# An option of a select cannot have an empty value.
OWN_GROUP = "(own)"
_OWN_GROUP_TEXT = tr("The account's own group")
# Text fields that a rule may speak of: the live line follows while people type.
AT_EACH_CHARACTER = {"dispatch_action_config": {"trigger_actions_on": ["on_character_entered"]}}
CUSTOM, NEVER_CHOICE = "custom", "never"
DAY = 86_400
SPANS = {"7d": 7 * DAY, "30d": 30 * DAY, "90d": 90 * DAY, "365d": 365 * DAY}
_EXPIRY_OPTIONS = (
    (tr("In 7 days"), "7d"),
    (tr("In 30 days"), "30d"),
    (tr("In 90 days"), "90d"),
    (tr("In 365 days"), "365d"),
    (trc("choice: when the key expires", "Never"), NEVER_CHOICE),
    (tr("At a moment I choose"), CUSTOM),
)


@dataclass(frozen=True, kw_only=True)
class Prefill:
    """What a form shows before anybody types. Lists as the gateway reads them; times in Unix seconds."""

    name: str = ""
    quota: str = ""
    unlimited: bool = False
    expiry: str = "30d"
    expiry_at: int | None = None
    models: tuple[str, ...] = ()
    allowed_ips: tuple[str, ...] = ()
    group: str = ""
    cross_group_retry: bool = False
    reason: str = ""
    gateway: str = ""


def name_block(prefill: Prefill) -> Block:
    """The display name."""
    hint = tr("Up to 50 characters, unique.")
    placeholder = trc("example of a key's name", "production")
    element = text_input(initial=prefill.name, placeholder=placeholder, focus=not prefill.name)
    return input_block(NAME, tr("Name"), element, hint=hint)


def name_taken(name: str) -> str:
    """That another key has this name."""
    return tr("A key called “{name}” exists already; choose another name.", name=name)


def no_gateway(name: str) -> str:
    """That there is none of this name, or not any more."""
    return tr("There is no gateway {gateway} any more; choose another.", gateway=name)


def amounts_hint(units_per_usd: int) -> str:
    """How a quota is written."""
    worth = f"{units_per_usd:,}"
    return tr("Units (100000, 100k, 1.5M) or money ($5, 5 USD). $1 = {worth} units.", worth=worth)


def quota_blocks(prefill: Prefill, units_per_usd: int) -> list[Block]:
    """Quota as units or money, and the box that makes it unlimited."""
    # Slack writes “(optional)” beside the label by itself.
    hint = joined(tr("Leave it empty only with “No limit”."), amounts_hint(units_per_usd))
    element = text_input(initial=prefill.quota, placeholder=tr("100k or $5"), max_length=60) | AT_EACH_CHARACTER
    box = checkboxes(
        [option(tr("No limit"), "on", description=tr("The key keeps working when its quota is used up"))],
        initial=["on"] if prefill.unlimited else [],
    )
    return [
        input_block(QUOTA, tr("Quota"), element, hint=hint, optional=True, dispatch=True),
        input_block(UNLIMITED, tr("Unlimited quota"), box, optional=True, dispatch=True),
    ]


def expiry_blocks(prefill: Prefill, chosen: str) -> list[Block]:
    """When the key ends; the picker is there while `custom` is chosen."""
    options = [option(text, value) for text, value in _EXPIRY_OPTIONS]
    hint, label = tr("Days count from the moment the request is approved."), trc("label: when a key expires", "Expires")
    blocks = [input_block(EXPIRY, label, select(options, initial=prefill.expiry), hint=hint, dispatch=True)]
    if chosen == CUSTOM:
        picker = datetime_picker(initial=shown_moment(prefill.expiry_at))
        blocks.append(input_block(EXPIRY_AT, tr("Expires at"), picker, optional=True, dispatch=True))
    return blocks


def models_block(prefill: Prefill) -> Block:
    """The models the key may use."""
    initial = [option(clipped(model, 70), model) for model in shown_models(prefill.models)]
    element = external_multi_select(initial=initial, placeholder=tr("Every model"))
    return input_block(MODELS, tr("Models"), element, hint=tr("Empty = every model."), optional=True, dispatch=True)


def every_model_block() -> Block:
    """Lifts a limit on models and keeps its list."""
    box = checkboxes(
        [option(tr("Allow every model"), "on", description=tr("The list is kept and counts no longer"))], initial=[]
    )
    return input_block(EVERY_MODEL, tr("No limit on models"), box, optional=True)


def ips_block(prefill: Prefill) -> Block:
    """The addresses the key may be used from."""
    hint = tr("IPv4 or IPv6 addresses or networks (CIDR), one a line. Empty = from anywhere.")
    placeholder = "198.51.100.10\n203.0.113.0/24"
    element = text_input(initial=shown_ips(prefill.allowed_ips), multiline=True, placeholder=placeholder)
    return input_block(IPS, tr("Allowed IPs"), element | AT_EACH_CHARACTER, hint=hint, optional=True, dispatch=True)


def shown_moment(moment: int | None) -> int | None:
    """A moment that Slack's picker can show: ten digits. A key may hold 0 or milliseconds; then the picker is empty."""
    return moment if moment is not None and len(str(abs(moment))) == 10 and moment > 0 else None


def shown_models(models: Sequence[str]) -> list[str]:
    """The models of a key that a select can show (Slack: 100 options of 150 characters)."""
    return [model for model in models if 0 < len(model) <= 150][:100]


def shown_ips(entries: Sequence[str]) -> str:
    """The addresses of a key as the text field shows them."""
    return "\n".join(entries)[:TEXT_LIMIT]


def group_blocks(prefill: Prefill) -> list[Block]:
    """The gateway's group, chosen or typed, and what only the automatic one knows."""
    initial = option(clipped(prefill.group, 70), prefill.group) if prefill.group else None
    element = external_select(initial=initial, placeholder=_OWN_GROUP_TEXT)
    box = checkboxes(
        [option(tr("Retry in other groups"), "on", description=tr("Only matters with the automatic group"))],
        initial=["on"] if prefill.cross_group_retry else [],
    )
    return [
        input_block(GROUP, tr("Group"), element, hint=tr("Choose, or type any name."), optional=True, dispatch=True),
        input_block(CROSS_GROUP, tr("Cross-group retry"), box, optional=True),
    ]


def reason_block(prefill: Prefill, *, optional: bool = True) -> Block:
    """The field for the reason, which the approvers read."""
    element = text_input(initial=prefill.reason, multiline=True, max_length=1000, placeholder=tr("What is it for?"))
    hint = tr("Whoever decides reads this.")
    return input_block(REASON, tr("Reason"), element | AT_EACH_CHARACTER, hint=hint, optional=optional, dispatch=True)


def group_options(groups: Sequence[Group] | None, query: str) -> list[Block]:
    """Choices for the group select: the gateway's groups that fit, and what was typed."""
    typed_name = clean_line(query)
    found = [group for group in groups or () if typed_name.lower() in group.name.lower()]
    options = [
        option(clipped(group.name, 70), group.name, description=clipped(f"{group.description} ({group.ratio})", 70))
        for group in found[:99]
        if 0 < len(group.name) <= 150
    ]
    own = option(_OWN_GROUP_TEXT, OWN_GROUP)
    if typed_name.casefold() in said(_OWN_GROUP_TEXT).casefold():
        options = [own, *options[:98]]
    if 0 < len(typed_name) <= GROUP_LIMIT and all(group.name != typed_name for group in found):
        options.append(option(clipped(tr("Use “{name}”", name=typed_name), 70), typed_name))
    return options


def model_options(models: Sequence[str] | None, query: str, *, prices: Mapping[str, str]) -> list[Block]:
    """Choices for the models select: those that hold what was typed, and that itself, marked when it is not listed.

    `prices`: what models cost, in words; of those that the gateway tells.
    """
    typed_id, needle = clean_line(query), clean_line(query).lower()
    found = [model for model in models or () if needle in model.lower() and 0 < len(model) <= 150]
    options = [
        option(clipped(model, 70), model, description=clipped(prices.get(model, ""), 70)) for model in found[:99]
    ]
    if 0 < len(typed_id) <= 150 and typed_id not in found:
        told = typed_id if models is None else tr("{model} (not in the list)", model=truncate(typed_id, 50))
        options.append(option(clipped(told, 70), typed_id))
    return options


@dataclass(kw_only=True)
class FormReader:
    """Reads fields out of a submission and collects what is wrong, to be shown all at once."""

    state: State
    now: float
    units_per_usd: int
    errors: dict[str, str] = field(default_factory=dict)

    def check(self) -> None:
        """Raise InputError when anything read so far is wrong."""
        if self.errors:
            raise InputError(self.errors)

    def gateway(self, gateways: Sequence[str]) -> str:
        """The gateway that was chosen, "" where there is only one."""
        chosen = typed(self.state, GATEWAY)
        if chosen and chosen not in gateways:
            self.errors[GATEWAY] = no_gateway(chosen)
        return chosen

    def name(self, *, count_bytes: bool) -> str:
        """The name; `count_bytes` where the gateway's limit is known to be 50 bytes, not characters."""
        name = unicodedata.normalize("NFC", typed(self.state, NAME).strip())
        size = len(name.encode("utf-8", "surrogatepass"))
        unseen = invisible_character(name)
        if not name:
            self.errors[NAME] = tr("Give the key a name.")
        elif unseen is not None and unseen in "\r\n\u2028\u2029":
            self.errors[NAME] = tr("The name holds a line break; take it out.")
        elif unseen is not None:
            which = f"U+{ord(unseen):04X}"
            self.errors[NAME] = tr("The name holds an invisible character ({which}); take it out.", which=which)
        elif KeyReference(name).number is not None:
            self.errors[NAME] = tr("The name reads like the number of a key; put a letter into it.")
        elif len(name) > NAME_LIMIT:
            self.errors[NAME] = trn(
                "The name has {count} character; the gateway takes at most {most} characters.",
                "The name has {count} characters; the gateway takes at most {most} characters.",
                len(name),
                most=NAME_LIMIT,
            )
        elif count_bytes and size > NAME_LIMIT:
            self.errors[NAME] = trn(
                "The name has {length} characters, but {count} byte; this gateway takes at most {most} bytes "
                "(a character outside ASCII counts 2 to 4).",
                "The name has {length} characters, but {count} bytes; this gateway takes at most {most} bytes "
                "(a character outside ASCII counts 2 to 4).",
                size,
                length=len(name),
                most=NAME_LIMIT,
            )
        return name

    def unlimited(self) -> bool:
        """Whether the box is ticked."""
        return "on" in ticked(self.state, UNLIMITED)

    def quota(self, *, unlimited: bool) -> int:
        """Units; an unlimited key may leave it empty."""
        text = typed(self.state, QUOTA)
        if unlimited and not clean_number(text):
            return 0
        try:
            units = parse_quota(text, self.units_per_usd)
        except ValueError as error:
            self.errors[QUOTA] = str(error)
            return 0
        if units == 0 and not unlimited:
            self.errors[QUOTA] = tr("With a quota of 0 the key could not be used. Write more, or tick “No limit”.")
        return units

    def expiry(self, *, kept: int | None = None) -> Expiry:
        """When it ends. `kept`: the present moment of a key, which may lie in the past when it is left as it is."""
        chosen = typed(self.state, EXPIRY)
        if chosen == NEVER_CHOICE:
            return Expiry()
        if chosen in SPANS:
            return Expiry(seconds=SPANS[chosen])
        if chosen != CUSTOM:
            self.errors[EXPIRY] = tr("Choose when the key expires.")
            return Expiry()
        moment = picked_time(self.state, EXPIRY_AT)
        place = EXPIRY_AT if EXPIRY_AT in self.state else EXPIRY
        if moment is None:
            self.errors[place] = tr("Choose the day and the time at which the key expires.")
        elif moment <= self.now and moment != kept:
            self.errors[place] = tr(
                "That was {duration} ago; choose a moment to come.", duration=format_duration(self.now - moment)
            )
        elif moment >= 10_000_000_000:
            self.errors[place] = tr("That is further away than the gateway can store.")
        return Expiry(at=moment)

    def models(self) -> tuple[str, ...]:
        """Model ids. What the gateway does not list may be typed: its list may be old, and the card marks it."""
        chosen = tuple(dict.fromkeys(ticked(self.state, MODELS)))
        if any("," in model or model != model.strip() or not model for model in chosen):
            self.errors[MODELS] = tr("A model id holds no commas and no spaces around it.")
        elif len(",".join(chosen)) > MODELS_LIMIT:
            self.errors[MODELS] = tr(
                "These are too many models for the gateway ({most} characters in all).", most=MODELS_LIMIT
            )
        return chosen

    def allowed_ips(self) -> tuple[str, ...]:
        """Addresses and networks, split at line breaks, commas and spaces, doubles taken out."""
        text = typed(self.state, IPS)
        entries = tuple(split_ips(text))
        wrong = [problem for entry in entries if (problem := address_problem(entry)) is not None]
        if len(text) > TEXT_LIMIT:
            self.errors[IPS] = trn(
                "The list has {count} character; at most {most} fit.",
                "The list has {count} characters; at most {most} fit.",
                len(text),
                most=f"{TEXT_LIMIT:,}",
            )
        elif wrong:
            others = len(wrong) - 1
            more = trn("{count} more is wrong too.", "{count} more are wrong too.", others) if others else ""
            self.errors[IPS] = joined(wrong[0], more)
        return entries

    def group(self, known: Sequence[Group] | None, *, kept: str = "") -> str:
        """The group's name, "" = the account's own. `kept`: the group the key is in already."""
        group = clean_line(typed(self.state, GROUP))
        if group == OWN_GROUP:
            return ""
        names = [one.name for one in known or ()]
        if len(group) > GROUP_LIMIT or any(unicodedata.category(char) == "Cc" for char in group):
            self.errors[GROUP] = tr("A group's name has at most {most} characters, on one line.", most=GROUP_LIMIT)
        elif group and known is not None and group not in names and group != kept:
            offered = truncate(with_commas(names), 200)
            self.errors[GROUP] = (
                tr("The account may not use the group “{group}”. It may use: {groups}.", group=group, groups=offered)
                if offered
                else tr("The account may not use the group “{group}”. It may use no other either.", group=group)
            )
        return group

    def cross_group_retry(self, group: str, known: Sequence[Group] | None) -> bool:
        """Whether the box is ticked; it only matters with a group that routes automatically (section 10).

        `known`: the groups, where the gateway tells them; where it does not, any group may be such a one.
        """
        wanted = "on" in ticked(self.state, CROSS_GROUP)
        if wanted and not _may_route(group, known):
            self.errors[CROSS_GROUP] = tr(
                "Only a group that routes automatically, such as “{group}”, retries in other groups: choose one, or "
                "untick this.",
                group=AUTO_GROUP,
            )
        return wanted

    def reason(self, *, required: bool = False) -> str:
        """Why, as typed."""
        reason = clean(typed(self.state, REASON))
        if required and not reason:
            self.errors[REASON] = tr("Say why; it is needed here.")
        return reason


def _may_route(group: str, known: Sequence[Group] | None) -> bool:
    """Whether the group may choose among other groups by itself."""
    found = next((one for one in known or () if one.name == group), None)
    if found is not None:
        return group == AUTO_GROUP or found.automatic
    return bool(group) and (known is None or group == AUTO_GROUP)


def expiry_of(expired_time: int) -> tuple[str, int | None]:
    """A record's expiry as the form shows it: the choice, and the moment for `custom`."""
    return (NEVER_CHOICE, None) if expired_time == NEVER else (CUSTOM, expired_time)
