"""Names every way to a budget: the command, the button of a row, the form. No decisions here."""

from dataclasses import dataclass, field

import sqlalchemy as sa

from bot.approvals.cards.again import again_action
from bot.deps import Deps
from bot.errors import InputError
from bot.features.budget_change import views
from bot.features.budget_change.operation import OPERATION, ChangeBudget
from bot.features.budget_change.views import OpenForm
from bot.features.forms.again import old_request, with_channel
from bot.features.forms.allowance_fields import as_typed
from bot.features.forms.fields import FormReader
from bot.features.forms.key_form import filled_in
from bot.features.forms.preview import UNFINISHED, Redraws, preview
from bot.features.forms.submission import submit_form
from bot.features.forms.urgent import Live
from bot.keys import budgets
from bot.languages import said, tr
from bot.operations import Budget, role_holder, role_of
from bot.permissions.models import Actor
from bot.redaction import redact
from bot.slack.blocks import code, harmless
from bot.slack.delivery import Ack, Delivery, Ephemeral
from bot.slack.inputs import MENTION, State
from bot.slack.router import Router
from bot.typed_text import clean_line, first_word

READ = "usage.read"
# Of the words of a command that a form remembers.
_REST = 60


@dataclass(eq=False)
class BudgetListeners:
    """The command, the button and everything about the form."""

    deps: Deps
    _redraws: Redraws = field(default_factory=Redraws, init=False)

    async def by_text(self, delivery: Delivery) -> Ack:
        """Nobody named: the budgets that somebody may see. Else the form for that holder."""
        actor = await self.deps.actor(delivery)
        await self.deps.flow.admit(actor, OPERATION.name)
        text = clean_line(delivery.text)
        if not text:
            return await self._list(actor, delivery)
        person = MENTION.match(text)
        if person is not None:
            await self._open(delivery, actor, person["id"], text[person.end() :].strip())
            return None
        word, rest = first_word(delivery.text)
        await self._open(delivery, actor, role_holder(word), clean_line(rest))
        return None

    async def by_button(self, delivery: Delivery) -> Ack:
        """A button whose value is a holder."""
        actor = await self.deps.actor(delivery)
        await self.deps.flow.admit(actor, OPERATION.name)
        await self._open(delivery, actor, delivery.action_value, "")
        return None

    async def again(self, delivery: Delivery) -> Ack:
        """*Ask again* under an old request: the form with its terms."""
        request = await old_request(self.deps, delivery, OPERATION)
        actor = await self.deps.actor(delivery)
        wanted = ChangeBudget.model_validate(request.input)
        terms = "off" if wanted.terms is None else as_typed(wanted.terms)
        await self._open(with_channel(self.deps, delivery), actor, wanted.holder, f"{terms} {said(request.reason)}")
        return None

    async def _list(self, actor: Actor, delivery: Delivery) -> Ack:
        deps, mine = self.deps, await self.deps.counts.budgets.of(actor.slack_user_id)
        every = deps.access.decide_unread(actor, READ, own=False, channel=delivery.channel_id).allowed
        numbers = {one.number for one in mine}

        def read(c: sa.Connection) -> list[tuple[Budget, int | None]]:
            seen = [one for one in budgets.standing(c) if every or one.number in numbers]
            return [deps.counts.budgets.present(c, one) for one in seen]

        return Ephemeral.of(views.budget_list(await deps.database.read(read), units_per_usd=deps.dollars.usual))

    def _refuse_unknown(self, holder: str) -> None:
        """Raise InputError for a role that the policy does not have."""
        role, roles = role_of(holder), self.deps.policy().roles.members
        if role and role not in roles:
            names = ", ".join(code(name) for name in roles)
            raise InputError({"budget": tr("Whose budget? Mention a person, or name a role: {names}.", names=names)})
        if not role and MENTION.fullmatch(f"<@{holder}>") is None:
            raise InputError({"budget": tr("Whose budget? Mention a person.")})

    async def _open(self, delivery: Delivery, actor: Actor, holder: str, rest: str) -> None:
        self._refuse_unknown(holder)
        deps = self.deps
        known = await deps.database.read(deps.counts.budgets.of_holder, holder)
        if not rest and known is not None:
            rest = as_typed(known[0].terms)
        shown = redact(rest, wide=False)[:_REST]
        seen = OpenForm(holder=holder, channel=delivery.channel_id, rest=shown)
        text = views.known_text(known, units_per_usd=deps.dollars.usual)
        blank = views.build_modal(seen, text, live=UNFINISHED, units_per_usd=deps.dollars.usual)
        live = await self._live(actor, seen, filled_in(blank))
        view = views.build_modal(seen, text, live=live.text, units_per_usd=deps.dollars.usual)
        await delivery.responder.open_modal(delivery, live.onto(view, filled_in(blank)))

    async def redraw(self, delivery: Delivery) -> Ack:
        """Something in the form changed: show what would be decided now."""

        async def draw() -> dict[str, object]:
            seen, deps = self._remembered(delivery), self.deps
            live = await self._live(await deps.actor(delivery), seen, delivery.state)
            known = await deps.database.read(deps.counts.budgets.of_holder, seen.holder)
            text = views.known_text(known, units_per_usd=deps.dollars.usual)
            view = views.build_modal(seen, text, live=live.text, units_per_usd=deps.dollars.usual)
            return live.onto(view, delivery.state)

        self._redraws.after(delivery, draw)
        return None

    def _remembered(self, delivery: Delivery) -> OpenForm:
        seen = OpenForm.model_validate_json(delivery.private_metadata)
        self._refuse_unknown(seen.holder)
        return seen.model_copy(update={"channel": delivery.form_channel(seen.channel)})

    async def _live(self, actor: Actor, seen: OpenForm, state: State) -> Live:
        try:
            wanted, reason = views.parse_submission(self._reader(state), seen)
        except InputError as error:
            return Live(text=harmless(error.sentence))
        return await preview(self.deps, actor, OPERATION, wanted, reason=reason, channel=seen.channel, state=state)

    def _reader(self, state: State) -> FormReader:
        return FormReader(state=state, now=self.deps.clock(), units_per_usd=self.deps.dollars.usual)

    async def submit(self, delivery: Delivery) -> Ack:
        """Read the form, ask the flow, show the request's number."""
        self._redraws.submitted(delivery)
        deps = self.deps
        actor = await deps.actor(delivery)
        await deps.flow.admit(actor, OPERATION.name)
        seen = self._remembered(delivery)
        wanted, reason = views.parse_submission(self._reader(delivery.state), seen)
        return await submit_form(deps, delivery, OPERATION, actor, wanted, reason=reason, channel=seen.channel)


def _is_person(text: str) -> bool:
    return MENTION.match(clean_line(text)) is not None


def register(router: Router, deps: Deps) -> None:
    """The command, also as `/apikey allowance @person`, the button, the changes in the form and its submission."""
    listeners, described = BudgetListeners(deps), OPERATION.description
    router.command(described.command, listeners.by_text, usage=described.usage, help=described.help)
    router.variant("allowance", takes=_is_person, handler=listeners.by_text)
    router.action(OPERATION.name, listeners.by_button)
    router.action(again_action(OPERATION), listeners.again)
    router.modal_action(OPERATION.name, listeners.redraw)
    router.view(OPERATION.name, listeners.submit)
