"""Creates one key without idempotency: checkpoint, POST, look (gateway-api.md, sections 6, 18; rules 5, 6)."""

from collections.abc import Sequence

from bot.gateway.client import GatewayClient
from bot.gateway.errors import SENTENCES, Refusal
from bot.gateway.listing import PAGE_SIZE
from bot.gateway.models import SETTINGS_FIELDS, Key, KeyId, KeySettings
from bot.gateway.numbers import shown_number
from bot.gateway.records import meaning
from bot.gateway.validation import settings_problems
from bot.gateway.writes.results import FieldDifference, Journal, WriteResult, WriteStatus, with_name_limit
from bot.gateway.writes.session import PROCESSING, Session, WriteAnswer, WriteCheckpoint, not_done
from bot.languages import joined, tr, trn

MOST_POSTS = 4
_POSTED, _ADOPTED = "create.post", "create.adopted"


class CreateCheckpoint(WriteCheckpoint):
    """`highest` = the newest key before the first POST: ours can only be above it. `created` = what POST told."""

    highest: int
    created: int | None = None


class Adopted(WriteCheckpoint):
    """The key that this request made, once it has been seen."""

    key_id: int
    extra: tuple[int, ...] = ()


async def create(
    client: GatewayClient,
    settings: KeySettings,
    journal: Journal,
    *,
    processing: float = PROCESSING,
) -> WriteResult:
    """Makes exactly one key with these settings and gives it back read, in `key`.

    Refuses a name in use. After an unsure answer it POSTs again only when the first can no longer land, which is
    `client.timeout` + `processing` seconds after it was sent; until then UNKNOWN with `again_after`. Keys that
    look like a second copy are in `extra_key_ids` and are left alone. Never raises a GatewayCallError.
    """
    problems = settings_problems(settings)
    if problems:
        sentence = joined(*problems.values())
        return WriteResult(status=WriteStatus.REFUSED, refusal=Refusal.INVALID, sentence=sentence)
    # Newer gateways store false unless the group is the automatic one; asked so, the read-back can agree.
    settings = settings.model_copy(
        update={"cross_group_retry": settings.cross_group_retry and settings.group == "auto"}
    )
    session = Session(client=client, journal=journal, processing=processing)
    return with_name_limit(await session.guarded(_create(session, settings)), settings.name)


async def _create(session: Session, settings: KeySettings) -> WriteResult:
    adopted = await session.load(_ADOPTED, Adopted)
    if adopted:
        return _made(await session.client.get_key(KeyId(adopted.key_id)), settings, adopted.extra)
    checkpoint = await session.load(_POSTED, CreateCheckpoint)
    fresh_no = checkpoint is None
    if checkpoint is None:
        newest = await session.client.newest_keys()
        if await _in_use(session, settings.name, newest):
            return WriteResult(
                status=WriteStatus.REFUSED,
                refusal=Refusal.NAME_IN_USE,
                sentence=SENTENCES[Refusal.NAME_IN_USE],
            )
        checkpoint = await _post(
            session, CreateCheckpoint(highest=max((int(key.id) for key in newest), default=0)), settings
        )
    while True:
        above = await session.client.keys_above(checkpoint.highest)
        result = await _look(session, checkpoint, above, settings, retry_no=not fresh_no)
        if result:
            return result
        checkpoint = await _post(session, checkpoint, settings)
        fresh_no = True


async def _in_use(session: Session, name: str, newest: Sequence[Key]) -> bool:
    if any(key.name == name for key in newest):
        return True
    # A first page that is not full is the whole list.
    return len(newest) >= PAGE_SIZE and bool(await session.client.find_keys(name))


async def _post(session: Session, checkpoint: CreateCheckpoint, settings: KeySettings) -> CreateCheckpoint:
    told: list[KeyId | None] = []

    async def post() -> None:
        told.append(await session.client.create_key(settings))

    checkpoint = await session.send(_POSTED, checkpoint, post)
    return checkpoint.model_copy(update={"created": told[0]}) if told and told[0] else checkpoint


async def _look(
    session: Session,
    checkpoint: CreateCheckpoint,
    above: Sequence[Key],
    settings: KeySettings,
    *,
    retry_no: bool,
) -> WriteResult | None:
    """What the list says about our POSTs; None = none of them landed nor can, so POST again."""
    equal = [key for key in above if not differences_to(key, settings)]
    if equal:
        return await _adopt(session, checkpoint, equal, settings)
    wait = session.wait_for(checkpoint)
    altered = next((key for key in reversed(above) if key.name == settings.name), None)
    if altered and (checkpoint.answer is WriteAnswer.YES or wait is None):
        return WriteResult(
            status=WriteStatus.FAILED,
            key=altered,
            differences=differences_to(altered, settings),
            sentence=tr(
                "A key with this name is there (number {number}), but not with the settings that were asked.",
                number=shown_number(altered.id),
            ),
        )
    if checkpoint.answer is WriteAnswer.NO:
        return None if retry_no and checkpoint.refusal is None else not_done(checkpoint)
    if wait is not None:
        sentence = tr("The gateway has not shown the new key yet.")
        return WriteResult(status=WriteStatus.UNKNOWN, sentence=sentence, again_after=wait)
    if checkpoint.answer is WriteAnswer.YES or checkpoint.sent >= MOST_POSTS:
        return _vanished(checkpoint)
    return None


def _vanished(checkpoint: CreateCheckpoint) -> WriteResult:
    if checkpoint.answer is WriteAnswer.YES:
        sentence: str = tr(
            "The gateway said that it made the key, but the key is not in the list. Look for it by hand."
        )
        return WriteResult(status=WriteStatus.UNKNOWN, sentence=sentence)
    sentence = trn(
        "The gateway did not answer {count} time, and made no key.",
        "The gateway did not answer {count} times, and made no key.",
        checkpoint.sent,
    )
    return WriteResult(status=WriteStatus.FAILED, sentence=sentence)


async def _adopt(
    session: Session, checkpoint: CreateCheckpoint, equal: list[Key], settings: KeySettings
) -> WriteResult:
    """Takes the one the gateway named, else the lowest unused, else the lowest."""
    ranked = sorted(equal, key=lambda key: (key.id != checkpoint.created, not key.unused, key.id))
    key, extra = ranked[0], tuple(sorted(other.id for other in ranked[1:]))
    await session.save(_ADOPTED, Adopted(sent=1, key_id=key.id, extra=tuple(map(int, extra))))
    return _made(key, settings, extra)


def _made(key: Key, settings: KeySettings, extra: Sequence[int]) -> WriteResult:
    notes: tuple[str, ...] = ()
    if extra:
        numbers = ", ".join(map(str, extra))
        notes = (tr("There are more keys just like it: {numbers}. Disable those that nobody wants.", numbers=numbers),)
    return WriteResult(
        status=WriteStatus.DONE,
        key=key,
        differences=differences_to(key, settings),
        notes=notes,
        extra_key_ids=tuple(KeyId(number) for number in extra),
    )


def differences_to(key: Key, settings: KeySettings) -> tuple[FieldDifference, ...]:
    """Where a new key is not as asked. Usage since its creation is no difference: remain + used is compared."""
    found = []
    for field in SETTINGS_FIELDS:
        wanted = getattr(settings, field)
        there = key.total_quota if field == "remain_quota" else getattr(key, field)
        if meaning(field, wanted) != meaning(field, there):
            found.append(FieldDifference(field=field, wanted=wanted, found=there))
    return tuple(found)
