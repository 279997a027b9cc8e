"""The `[review]` table: how often keys are reviewed, and the mistakes in it."""

import pytest

from bot.errors import ConfigurationError
from bot.permissions import parse_policy
from bot.permissions.review import BY_COMMAND, DAY, ReviewTerms


def test_without_the_table_a_review_begins_by_command_only() -> None:
    assert parse_policy("").review == parse_policy("[review]\n").review == BY_COMMAND


def test_a_review_begins_every_so_often() -> None:
    assert parse_policy('[review]\nevery = "90d"\n').review == ReviewTerms(every=90 * DAY)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('every = "29d"', "every must be 30 days to 2 years"),
        ('every = "800d"', "every must be 30 days to 2 years"),
        ('every = "soon"', "not a duration"),
        ("every = 90", "every"),
        ('often = "90d"', "review has no key “often”"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_policy(f"[review]\n{text}\n")
    assert told in str(caught.value)
    assert "policy.toml:2:" in str(caught.value)


def test_a_review_that_is_no_table_is_a_mistake() -> None:
    with pytest.raises(ConfigurationError, match="review must be a table"):
        parse_policy('review = "90d"\n')
