"""What a card says of later alerts about its keys, and of the cards that show keys it names."""

from bot.alerts.cards.sightings import Sightings, elsewhere_blocks, joined_card, sighting_blocks
from bot.slack.blocks import Message
from tests.alerts.rows import NOW, alert_of, finding
from tests.scenarios.desk import text_of


def test_a_card_lists_the_newest_sightings_and_counts_all() -> None:
    seen = Sightings([alert_of(source="github"), alert_of(source="gitlab")], 5, NOW)
    said = text_of(Message("", sighting_blocks(seen)))
    for words in ("Seen 6 times, last ", "GitHub secret scanning", "GitLab", "3 earlier ones are not shown."):
        assert words in said


def test_a_key_that_was_seen_once_needs_no_line() -> None:
    assert sighting_blocks(None) == sighting_blocks(Sightings([], 0, NOW)) == []


def test_it_is_said_which_card_shows_a_key() -> None:
    alert = alert_of(finding(7), finding(8), elsewhere={7: 1, 8: 2})
    assert elsewhere_blocks(alert_of(finding(7))) == []
    assert "It names key 7, key 8 too: see the card of alert 1, alert 2." in text_of(
        Message("", elsewhere_blocks(alert))
    )
    assert joined_card(alert).text.endswith("it is on the card of alert 1, alert 2.")
