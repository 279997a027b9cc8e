"""Where an alert came from, as words: a message with its channel and people, a page of a source, or just its name."""

import pytest

from bot.alerts.cards.origin import sighting_text, source_text, title_text, where_text
from bot.alerts.models import Alert
from tests.alerts.rows import alert_of

MESSAGE = alert_of(source="slack", place={"channel": "C0GEN", "ts": "1.2", "by": "U0BEN"})


@pytest.mark.parametrize(("source", "words"), [("github", "GitHub secret scanning"), ("gitlab", "GitLab"), ("x", "x")])
def test_a_source_has_a_name(source: str, words: str) -> None:
    assert source_text(alert_of(source=source)) == words


def test_a_title_is_a_link_where_there_is_a_page() -> None:
    assert title_text(alert_of(title="Found <it>", url="https://e.test/1")) == "<https://e.test/1|Found &lt;it&gt;>"
    assert title_text(alert_of(title="Found <it>")) == "*Found &lt;it&gt;*"
    assert title_text(alert_of(title="")) == ""


def test_a_message_is_linked_by_its_permalink() -> None:
    place = {**MESSAGE.place, "workspace": "https://sandbox.slack.com/", "ts": "1790000000.000100"}
    linked = where_text(alert_of(source="slack", place=place))
    assert linked.startswith("<https://sandbox.slack.com/archives/C0GEN/p1790000000000100|A message>")
    assert where_text(MESSAGE).startswith("<https://slack.com/app_redirect?channel=C0GEN&amp;message_ts=1.2|")


@pytest.mark.parametrize(
    ("alert", "words"),
    [
        (MESSAGE, "A message> in <#C0GEN> by <@U0BEN>."),
        (alert_of(source="github", title="In a file"), "from GitHub secret scanning: *In a file*"),
        (alert_of(title=""), "from a signed webhook"),
        (alert_of(source="gitguardian", title="GitGuardian: A key"), "from GitGuardian: *A key*"),
    ],
)
def test_a_sighting_says_when_and_where(alert: Alert, words: str) -> None:
    text = sighting_text(alert)
    assert words in text
    assert text.startswith("<!date^")
