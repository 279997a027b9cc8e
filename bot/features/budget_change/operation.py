"""What a budget means: a row of ours (approvals/budgets.py), which its run leaves to the outcome of the request."""

from bot.errors import InputError
from bot.features.forms.allowance_fields import ALLOWANCE, REFILL_FIELD, ROLLOVER
from bot.features.forms.fields import REASON
from bot.features.forms.new_owner import refused, why_no_owner
from bot.gateway.writes import WriteResult, WriteStatus
from bot.keys.budget_text import budget_text, given_text
from bot.languages import tr, trc
from bot.operations import (
    OWNER_FIELD,
    AllowanceTerms,
    Change,
    Description,
    Effect,
    Frozen,
    Inspection,
    Look,
    Offer,
    Operation,
    Work,
    role_of,
)
from bot.periods import Period
from bot.permissions.models import Actor, ActorKind, Facts

# Until Slack is asked again who somebody is.
SILENT_SECONDS = 30.0


class ChangeBudget(Frozen):
    """`terms` None: it ends. `holder`: a Slack user id, or the name of a role (operations/budget.py). The look fills in
    `owner_id`: the person, "" for a role.
    """

    holder: str
    terms: AllowanceTerms | None
    owner_id: str = ""


class BudgetChange(Operation):
    """`budget.change`."""

    description = Description(
        name="budget.change",
        title=tr("Budget"),
        command="budget",
        usage="[@person | ROLE] [AMOUNT per day | week | month] | off",
        help=tr("what all keys of a person or a role may be given per period"),
        asks=tr("{who} asks to change the budget of {name}"),
        you_ask=tr("you asked to change the budget of {name}"),
        done=tr("The budget of {name} is up to date."),
        ended=trc("status of a request", "Changed"),
        effect=Effect.BUDGETS,
        fields=(ALLOWANCE, REFILL_FIELD, ROLLOVER, REASON),
    )
    input_model = ChangeBudget

    async def inspect(self, look: Look, actor: Actor, wanted: ChangeBudget) -> Inspection:
        """Who it is for, and what it is now. Raises InputError for what changes nothing."""
        role = role_of(wanted.holder)
        name = role or await _name(look, wanted)
        known = await look.budget_of(wanted.holder)
        before = None if known is None else known[0].terms
        if before is None and wanted.terms is None:
            raise InputError({REFILL_FIELD: tr("There is no budget, so there is none to end.")})
        if before is not None and before == wanted.terms:
            raise InputError({ALLOWANCE: tr("That is the budget already.")})
        units = look.dollars.usual
        lines = [_line(wanted.holder)]
        texts = [budget_text(terms, units_per_usd=units) for terms in (before, wanted.terms)]
        lines.append(Change(field="budget", label=tr("Budget"), before=texts[0], after=texts[1]))
        if known is not None:
            given = given_text(*known, units_per_usd=units)
            lines.append(Change(field="given", label=tr("This period"), before=None, after=given))
        period = Period.MONTH if wanted.terms is None else wanted.terms.period
        return Inspection(
            key=None,
            key_name=name,
            own=wanted.holder == actor.slack_user_id,
            facts=Facts(
                allowance=0 if wanted.terms is None else wanted.terms.amount,
                allowance_period=period.seconds,
                reason=look.reason,
                channel=look.channel_id,
            ),
            changes=tuple(lines),
            completed=wanted.model_copy(update={"owner_id": "" if role else wanted.holder}),
        )

    async def run(self, work: Work, wanted: ChangeBudget) -> WriteResult:
        """Nothing is written to the gateway; a budget begins for full members only."""
        if wanted.owner_id and wanted.terms is not None:
            person = await work.ownership.standing(wanted.owner_id)
            if person.kind is ActorKind.UNKNOWN:
                return WriteResult(status=WriteStatus.FAILED, sentence=why_no_owner(person), again_after=SILENT_SECONDS)
            if person.kind is not ActorKind.MEMBER:
                return refused(why_no_owner(person))
        return WriteResult(status=WriteStatus.DONE)

    def with_offer(self, wanted: ChangeBudget, offer: Offer) -> ChangeBudget:
        """Less per period. Raises InputError."""
        if offer.allowance is None or wanted.terms is None:
            return wanted
        if offer.allowance > wanted.terms.amount:
            raise InputError({ALLOWANCE: tr("That is more than was asked for.")})
        return wanted.model_copy(update={"terms": wanted.terms.model_copy(update={"amount": offer.allowance})})


async def _name(look: Look, wanted: ChangeBudget) -> str:
    """The person's name. Raises InputError for who owns no keys, unless their budget is to end."""
    person = await look.ownership.standing(wanted.holder)
    if wanted.terms is not None and (problem := why_no_owner(person)):
        raise InputError({REFILL_FIELD: problem})
    return person.name or person.slack_user_id


def _line(holder: str) -> Change:
    role = role_of(holder)
    if role:
        return Change(field="role", label=tr("For everybody in"), before=None, after=role)
    return Change(field=OWNER_FIELD, label=tr("For"), before=None, after=holder)


OPERATION = BudgetChange()
