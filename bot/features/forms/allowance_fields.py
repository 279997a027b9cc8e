"""The fields of an allowance as a form: how often, how much, what is unspent; and how a command says them."""

import re
from dataclasses import dataclass

from bot.errors import InputError
from bot.features.forms.fields import AT_EACH_CHARACTER, NEVER_CHOICE, FormReader, amounts_hint
from bot.languages import joined, tr, trc
from bot.operations import AllowanceTerms
from bot.periods import Period, find_period, period_word
from bot.slack.blocks import Block, option
from bot.slack.inputs import checkboxes, input_block, select, text_input, ticked, typed
from bot.typed_text import clean_line, clean_number
from bot.units import parse_quota, short_quota

ALLOWANCE, REFILL_FIELD, ROLLOVER = "allowance", "refill", "rollover"
_OFF = re.compile(
    r"(?:off|stop|end|never|none|關閉|关闭|停止|停用|結束|结束|取消|إيقاف|ايقاف|أوقف|اوقف|إلغاء|الغاء)", re.IGNORECASE
)
_ROLLOVER = re.compile(r"^(?:\+? ?(?:rollover|roll over)|結轉|结转|保留|ترحيل|مع الترحيل)(?![A-Za-z])", re.IGNORECASE)


@dataclass(frozen=True)
class TypedAllowance:
    """What followed the key in the command, or what the key has now. `amount`: as typed."""

    amount: str = ""
    choice: str = str(Period.MONTH)
    rollover: bool = False
    reason: str = ""


def parse_typed(text: str) -> TypedAllowance:
    """`$20 per month rollover because …`, `off`; what is not understood stays in the field of the amount."""
    line = clean_line(text)
    off = _OFF.match(line)
    if off is not None and not line[off.end() :][:1].isalnum():
        return TypedAllowance(choice=NEVER_CHOICE, reason=line[off.end() :].strip())
    found = find_period(line)
    if found is None:
        return TypedAllowance(amount=line)
    amount, period, rest = found
    keeps = _ROLLOVER.match(rest)
    reason = rest[keeps.end() :].strip() if keeps else rest
    return TypedAllowance(amount=amount, choice=str(period), rollover=keeps is not None, reason=reason)


def as_typed(terms: AllowanceTerms) -> str:
    """Terms as the command takes them."""
    kept = " rollover" if terms.rollover else ""
    return f"{short_quota(terms.amount)} per {terms.period}{kept}"


def allowance_blocks(shown: TypedAllowance, units_per_usd: int) -> list[Block]:
    """How often the key is refilled, with how much, and what becomes of the rest."""
    text = text_input(initial=shown.amount, placeholder=tr("100k or $5"), max_length=60) | AT_EACH_CHARACTER
    box = checkboxes(
        [
            option(
                tr("Add to what is left"),
                "on",
                description=tr("If not ticked, the key is filled up to the amount"),
            )
        ],
        initial=["on"] if shown.rollover else [],
    )
    return [
        input_block(
            REFILL_FIELD, tr("Refill"), period_choices(shown.choice), hint=tr("Weeks begin on Monday."), dispatch=True
        ),
        input_block(
            ALLOWANCE,
            tr("Amount of each refill"),
            text,
            hint=joined(tr("Leave it empty only with “Never”."), amounts_hint(units_per_usd)),
            optional=True,
            dispatch=True,
        ),
        input_block(ROLLOVER, tr("Unspent quota"), box, optional=True, dispatch=True),
    ]


def refill_block(choice: str = NEVER_CHOICE) -> Block:
    """How often a new key is refilled."""
    hint = tr("The key is filled up to its quota once per period; weeks begin on Monday.")
    return input_block(REFILL_FIELD, tr("Refill"), period_choices(choice), hint=hint, dispatch=True)


def period_choices(chosen: str, *, never: str = "") -> Block:
    """How often. `never`: the word for not at all."""
    never = never or trc("choice: how often a key is refilled", "Never")
    options = [option(never, NEVER_CHOICE), *(option(period_word(period), str(period)) for period in Period)]
    return select(options, initial=chosen)


def read_refill(reader: FormReader, *, unlimited: bool) -> Period | None:
    """How often a new key is refilled; None = never. What is wrong is noted in the reader."""
    choice = typed(reader.state, REFILL_FIELD) or NEVER_CHOICE
    if choice == NEVER_CHOICE:
        return None
    if choice not in set(Period):
        reader.errors[REFILL_FIELD] = _choose()
        return None
    if unlimited:
        reader.errors[REFILL_FIELD] = no_limit()
    return Period(choice)


def no_limit() -> str:
    """That a key cannot be refilled."""
    return tr("The key has no limit, so there is nothing to refill.")


def _choose() -> str:
    return tr("Choose how often the key is refilled.")


def read_terms(reader: FormReader) -> AllowanceTerms | None:
    """The chosen terms; None = never. Raises InputError."""
    choice = typed(reader.state, REFILL_FIELD)
    if choice == NEVER_CHOICE:
        return None
    if choice not in set(Period):
        raise InputError({REFILL_FIELD: _choose()})
    try:
        amount = parse_quota(clean_number(typed(reader.state, ALLOWANCE)), reader.units_per_usd)
    except ValueError as error:
        raise InputError({ALLOWANCE: str(error)}) from None
    if amount == 0:
        raise InputError({ALLOWANCE: tr("A refill of 0 adds nothing. Write more, or choose “Never”.")})
    return AllowanceTerms(amount=amount, period=Period(choice), rollover="on" in ticked(reader.state, ROLLOVER))
