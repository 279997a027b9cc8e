"""Every crossing and every outcome has words."""

import pytest

from bot.care.notice import CareOutcome, Crossing, Notice
from bot.care.notice_text import notice_text, outcome_text
from tests.care.kit import NOON


@pytest.mark.parametrize("kind", list(Crossing))
def test_each_crossing_names_the_key_and_shows_no_markup_of_its_name(kind: Crossing) -> None:
    text = notice_text(Notice(kind=kind, key_id=1, name="<!channel>", expires=int(NOON)), units_per_usd=500_000)
    assert "channel" in text
    assert "<!channel>" not in text


def test_each_outcome_has_a_sentence_of_its_own() -> None:
    assert len({outcome_text(outcome) for outcome in CareOutcome}) == len(CareOutcome)
