"""How a batch looks: what is typed before anything happens, its progress, and green only after the refusals."""

from dataclasses import replace
from typing import Any

from bot.incident.models import Batch, BatchKey, BatchKeyStatus, BatchRevocation, BatchStatus
from bot.incident.views import RevocationSummary, alarm, begun_text, owner_notice, progress

NOW = 1_790_000_000.0
KEYS = [BatchKey(key_id=number, name=f"k{number}", own=False, status_before=1) for number in (1, 2)]


def batch(status: BatchStatus = BatchStatus.DONE, **changes: Any) -> Batch:
    values: dict[str, Any] = {
        "id": 4, "operation": "key.disable", "status": status, "requester_id": "U0SAM", "requester_team": "T0",
        "what": "all keys of <@U0ADA>", "reason": "an incident", "asked_at": NOW,
    }  # fmt: skip
    return Batch(**values | changes)


def counts(**some: int) -> dict[BatchKeyStatus, int]:
    return {status: some.get(status.name.lower(), 0) for status in BatchKeyStatus}


def summary(**some: int) -> RevocationSummary:
    tried: dict[BatchRevocation, int] = {
        proof: some.get(proof.name.lower(), 0) for proof in BatchRevocation if proof is not BatchRevocation.NONE
    }
    return RevocationSummary(counts=tried, accepted=(), untried=())


def test_what_was_begun_is_said_with_its_number() -> None:
    assert begun_text(batch(), 1, "C1") == "1 key is being disabled. Batch 4 shows its progress in C1."
    assert begun_text(batch(), 1_200, "C1").startswith("1,200 keys are being disabled.")


def test_keys_that_wait_for_their_values_are_told_until_when() -> None:
    waiting = replace(summary(refused=1, trying=1), values_from=1_900_000_000.0)
    assert "shows only a few values in 20 minutes" in str(progress(batch(), counts(done=2), (), waiting, None).blocks)
    over = replace(summary(refused=2), values_from=1_900_000_000.0)
    assert "only a few values" not in str(progress(batch(), counts(done=2), (), over, None).blocks)


def test_green_only_when_every_disabled_key_was_refused() -> None:
    for proof, mark in (
        (summary(refused=2), ":white_check_mark:"),
        (summary(refused=1, trying=1), ":hourglass_flowing_sand:"),
        (summary(refused=1, alive=1), ":warning:"),
    ):
        message = progress(batch(), counts(done=2), (), proof, None)
        assert message.text.startswith(mark)
        assert "2 of 2" in message.text
    failed = progress(batch(), counts(done=1, failed=1), KEYS[:1], summary(refused=1), None)
    assert failed.text.startswith(":warning:")
    assert "1 failed" in str(failed.blocks)


def test_keys_that_are_accepted_to_the_end_are_an_alarm() -> None:
    assert "One key of batch 4 is disabled, but the gateway still accepts it." in alarm(4, 1, KEYS[:1]).text
    assert "2 keys of batch 4 are disabled, but the gateway still accepts them." in alarm(4, 2, KEYS).text


def test_owners_are_offered_replacements_until_it_is_taken_back() -> None:
    notice = owner_notice(batch(), KEYS, None)
    assert "2 of your keys were disabled by <@U0SAM>" in notice.text
    assert "Request a replacement" in str(notice.blocks)
    back = owner_notice(batch(), KEYS, batch(id=5, undoes=4))
    assert "Request a replacement" not in str(back.blocks)
    assert "Taken back by <@U0SAM> (batch 5)" in str(back.blocks)
