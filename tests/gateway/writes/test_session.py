"""One run of a write: a checkpoint before and after each sending, waits, and what an error means."""

import pytest

from bot.gateway.errors import (
    LIMITED,
    SENTENCES,
    CallFacts,
    GatewayLimited,
    GatewayOutcomeUnknown,
    GatewayRejected,
    GatewayUnavailable,
    Refusal,
)
from bot.gateway.limiter import Limit
from bot.gateway.writes import WriteResult, WriteStatus
from bot.gateway.writes.session import SHORTEST_WAIT, Session, WriteAnswer, WriteCheckpoint, answer_to, not_done
from bot.languages import english, said
from tests.gateway.kit import MemoryJournal, client_of, fake_gateway
from tests.languages.conftest import Speak

FACTS = CallFacts(operation="PUT", key_id=7, request_id=None, reference="r", status=200)
ERRORS = {
    "unsure": GatewayOutcomeUnknown("lost", facts=FACTS),
    "no": GatewayRejected(Refusal.NAME_TOO_LONG, facts=FACTS),
    "away": GatewayUnavailable("away", facts=FACTS),
}


def session(journal: MemoryJournal | None = None) -> Session:
    return Session(client=client_of(fake_gateway()), journal=journal or MemoryJournal(), processing=10.0)


async def test_a_sending_is_written_down_before_and_after() -> None:
    journal = MemoryJournal()
    run, seen = session(journal), []

    async def write() -> None:
        seen.append(journal.kept["put"])

    after = await run.send("put", WriteCheckpoint(), write)
    assert '"answer": "none"' in seen[0]
    assert (after.sent, after.answer, run.at_stake) == (1, WriteAnswer.YES, True)
    again = session(journal)
    assert await again.load("put", WriteCheckpoint) == after
    assert again.at_stake


@pytest.mark.parametrize(("name", "answer"), [("unsure", "unsure"), ("no", "no"), ("away", "no")])
async def test_an_error_is_an_answer(name: str, answer: str) -> None:
    async def write() -> None:
        raise ERRORS[name]

    found = WriteCheckpoint().model_copy(update={"sent": 1, **await answer_to(write)})
    assert found.answer == answer
    assert found.unsure is (answer == "unsure")
    if answer == "no":
        status = not_done(found).status
        assert status is (WriteStatus.REFUSED if name == "no" else WriteStatus.FAILED)


def test_an_unsure_sending_is_waited_for_until_it_can_no_longer_land() -> None:
    run = session()
    now, settle = run.client.now(), run.client.timeout + 10.0
    assert run.wait_since(now) == SHORTEST_WAIT
    assert run.wait_since(now - settle + 1) == 1
    assert run.wait_since(now - settle) is None


@pytest.mark.parametrize(
    ("name", "at_stake", "status"),
    [
        ("no", False, WriteStatus.REFUSED),
        ("away", False, WriteStatus.FAILED),
        ("no", True, WriteStatus.UNKNOWN),
        ("away", True, WriteStatus.UNKNOWN),
    ],
)
async def test_an_error_after_a_sending_leaves_the_outcome_unknown(
    name: str, at_stake: bool, status: WriteStatus
) -> None:
    run = session()
    run.at_stake = at_stake

    async def steps() -> WriteResult:
        raise ERRORS[name]

    result = await run.guarded(steps())
    assert result.status is status
    assert (result.again_after is not None) is (at_stake or name == "away")


async def test_what_a_row_keeps_of_a_write_is_read_in_another_language(speak: Speak) -> None:
    async def write() -> None:
        raise GatewayLimited(facts=facts, limit=Limit.REVEALS, seconds=130.0, at=3600.0)

    facts = CallFacts(operation="changing key", key_id=7, request_id="20260101", reference="r", status=429)
    checkpoint = WriteCheckpoint().model_copy(update={"sent": 1, **await answer_to(write)})
    kept = not_done(WriteCheckpoint.model_validate(checkpoint.model_dump(mode="json"))).model_dump(mode="json")
    words = {
        "two sentences in a row|{first} {second}": "{first} {second}",
        str(LIMITED[Limit.REVEALS]): "Genug gezeigt.",
        "It can be asked again in {time}.": "Wieder in {time}.",
        "{time} ({clock} UTC)": "{time} ({clock} Uhr UTC)",
    }
    with speak(words, {"about {count} minute": ("etwa {count} Minute", "etwa {count} Minuten")}):
        assert WriteResult.model_validate(kept).sentence == "Genug gezeigt. Wieder in etwa 3 Minuten (01:00 Uhr UTC)."


async def test_an_error_says_what_was_being_done_in_the_language_of_who_reads_it(speak: Speak) -> None:
    facts = CallFacts(operation="changing key", key_id=7, request_id="20260101", reference="r", status=200)
    error = GatewayRejected(Refusal.NOT_FOUND, facts=facts)
    words = {
        str(SENTENCES[Refusal.NOT_FOUND]): "Den Schlüssel gibt es nicht.",
        "(While {doing}; reference {reference}; the gateway's request id {request_id}.)": "(Beim {doing}: {reference}, "
        "{request_id}.)",
        "what Keydesk was doing|changing key {key}": "Ändern von Schlüssel {key}",
    }
    with speak(words):
        assert said(error.sentence) == "Den Schlüssel gibt es nicht. (Beim Ändern von Schlüssel 7: r, 20260101.)"
    assert english(error.sentence).endswith("(While changing key 7; reference r; the gateway's request id 20260101.)")
