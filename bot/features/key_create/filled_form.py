"""The form for a new key, filled in from a template of the policy, from the words of a command or from an old request.

What fills it is said at its top, with what the gateway does not have and what was not understood. It gives no right:
what is sent is judged as any other wish.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.deps import BACKGROUND_SECONDS, Deps
from bot.errors import InputError
from bot.features.forms.again import old_fields, old_request, with_channel
from bot.features.forms.fields import (
    AUTO_GROUP,
    EXPIRY,
    GATEWAY,
    GROUP,
    MODELS,
    NAME,
    NAME_LIMIT,
    FormReader,
    Prefill,
    no_gateway,
)
from bot.features.forms.key_command import loading
from bot.features.forms.key_form import filled_in
from bot.features.forms.preview import UNFINISHED, preview
from bot.features.forms.urgent import Live
from bot.features.forms.wishes import expiry_fields, prefilled, typed_fields
from bot.features.key_create.command_text import CommandText, problems_text
from bot.features.key_create.operation import OPERATION
from bot.features.key_create.views import FROM_COMMAND, FormMemory, build_modal, parse_draft
from bot.languages import said, tr
from bot.languages.formats import with_commas
from bot.operations import Expiry, Filled
from bot.permissions.models import Actor
from bot.permissions.templates import NEVER, Template
from bot.slack.blocks import code, harmless, inert
from bot.slack.delivery import Ack, Delivery
from bot.slack.inputs import State, typed
from bot.units import parse_duration

# The lists of the gateway are waited for so long; the form is shown without what they would tell.
LIST_SECONDS = 1.5
_SUFFIX = "-2"


@dataclass(frozen=True)
class FilledForm:
    """Draws the form with some fields filled in, judged as it stands."""

    deps: Deps

    async def draw(
        self, actor: Actor, fields: Mapping[str, Filled], notes: Sequence[str], *, channel: str
    ) -> dict[str, Any]:
        """The modal. `notes`: sentences for its top, mrkdwn."""
        deps = self.deps
        notes = [*notes, *await self.missing(fields)]
        asked = str(fields.get(GATEWAY, ""))
        # What is no gateway any more was said; the form falls back to the first.
        gateway = asked if asked in deps.gateways else ""

        def drawn(live: str) -> dict[str, Any]:
            view = build_modal(
                Prefill(gateway=gateway),
                gateways=deps.gateways,
                units_per_usd=deps.dollars.at(gateway),
                channel=channel,
                notes=notes,
                templates=deps.policy().templates,
                chosen_expiry=str(fields.get(EXPIRY, Prefill().expiry)),
                live=live,
            )
            return prefilled(view, fields)

        blank = drawn(UNFINISHED)
        live = await self._live(actor, blank, channel)
        return live.onto(drawn(live.text), filled_in(blank))

    async def _live(self, actor: Actor, view: Mapping[str, Any], channel: str) -> Live:
        deps = self.deps
        reader = form_reader(deps, filled_in(view))
        wanted, reason, _ = parse_draft(reader)
        if wanted is None:
            return Live(text=harmless(next(iter(reader.errors.values()))))
        state = reader.state
        return await preview(deps, actor, OPERATION, wanted, reason=reason, channel=channel, state=state)

    async def missing(self, fields: Mapping[str, Filled]) -> list[str]:
        """What this gateway does not have, as far as it tells."""
        group, models, gateway = str(fields.get(GROUP, "")), fields.get(MODELS, ()), str(fields.get(GATEWAY, ""))
        inventory, told = self.deps.inventory, list[str]()
        if gateway and gateway not in self.deps.gateways:
            return [f":warning: {no_gateway(gateway)}"]
        known = await inventory.groups(deadline=LIST_SECONDS, gateway=gateway) if group else None
        if known is not None and group not in {AUTO_GROUP, *(one.name for one in known)}:
            told.append(tr(":warning: This gateway has no group {group}; choose another.", group=code(group)))
        listed = await inventory.models(group=group, gateway=gateway, deadline=LIST_SECONDS) if models else None
        unlisted = (
            [one for one in models if one not in listed] if listed is not None and isinstance(models, tuple) else []
        )
        if unlisted:
            names = with_commas(code(one) for one in unlisted[:10])
            told.append(tr(":warning: This gateway does not list {models}.", models=names))
        return told


def form_reader(deps: Deps, state: State) -> FormReader:
    """Reads the form for a new key, its dollars by the gateway that is chosen in it."""
    return FormReader(state=state, now=deps.clock(), units_per_usd=deps.dollars.at(typed(state, GATEWAY)))


def template_fields(template: Template, typed: Mapping[str, Filled], *, now: float) -> dict[str, Filled]:
    """What was typed, and over it the template; its reason in the language of the moment."""
    fields: dict[str, Filled] = {
        name: said(value) if isinstance(value, str) else value for name, value in template.fields.items()
    }
    expiry = fields.pop(EXPIRY, None)
    if expiry is not None:
        fields |= expiry_fields(Expiry() if expiry == NEVER else Expiry(seconds=parse_duration(str(expiry))), now=now)
    return {**typed, **fields, **({GATEWAY: template.gateway} if template.gateway else {})}


@dataclass(frozen=True)
class FilledFormListeners:
    """What leads to a filled form."""

    deps: Deps
    form: FilledForm

    async def by_command(self, delivery: Delivery, actor: Actor, found: CommandText) -> None:
        """`/apikey new` with more than a name."""
        notes = [
            FROM_COMMAND,
            *problems_text(found),
        ]

        async def work() -> dict[str, Any]:
            return await self.form.draw(actor, found.fields, notes, channel=delivery.channel_id)

        await delivery.responder.fill(delivery, loading(OPERATION.title), work)

    async def by_template(self, delivery: Delivery) -> dict[str, Any]:
        """The open form anew, with the template over what was typed. Raises InputError where it is gone."""
        name = delivery.action_value
        template = next((one for one in self.deps.policy().templates if one.name == name), None)
        if template is None:
            raise InputError({NAME: tr("The policy has no template “{name}” any more.", name=name)})
        fields = template_fields(template, typed_fields(delivery.state), now=self.deps.clock())
        note = tr("Filled in by *{template}*.", template=inert(template.words))
        actor = await self.deps.actor(delivery)
        return await self.form.draw(actor, fields, [note], channel=FormMemory.of(delivery).channel)

    async def free_name(self, name: str, gateway: str) -> str:
        """The name, or one like it where a key has it."""
        if not await self.deps.inventory.name_in_use(name, deadline=BACKGROUND_SECONDS, gateway=gateway):
            return name
        return name.encode()[: NAME_LIMIT - len(_SUFFIX)].decode(errors="ignore") + _SUFFIX

    async def again(self, delivery: Delivery) -> Ack:
        """*Ask again* under an old request for a new key."""
        deps = self.deps
        actor = await deps.actor(delivery)
        await deps.flow.admit(actor, OPERATION.name)
        request = await old_request(deps, delivery, OPERATION)
        channel = with_channel(deps, delivery).channel_id

        async def work() -> dict[str, Any]:
            fields = old_fields(deps, request, OPERATION)
            fields[NAME] = await self.free_name(str(fields[NAME]), str(fields.get(GATEWAY, "")))
            note = tr("Filled in from request {number}.", number=request.number)
            return await self.form.draw(actor, fields, [note], channel=channel)

        await delivery.responder.fill(delivery, loading(OPERATION.title), work)
        return None
