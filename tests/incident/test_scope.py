import pytest

from bot.errors import InputError
from bot.incident.scope import BatchScope, is_batch, parse


@pytest.mark.parametrize("text", ["12", "production", '"a name with spaces"', "", "“my key”"])
def test_one_key_is_not_ours(text: str) -> None:
    assert not is_batch(text)


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("12 13", BatchScope(listing="12 13")),
        ('12, "old ci" 12', BatchScope(listing='12, "old ci" 12')),
        ("all of <@U0ADA|ada>", BatchScope(person="U0ADA")),
        ("All of <@U0ADA>", BatchScope(person="U0ADA")),
        ("created before 2024-01-01", BatchScope(before=1_704_067_200.0)),
        ("created before 2024-01-01 12:30", BatchScope(before=1_704_112_200.0)),
        ("all of <@U0ADA> created before 2024-01-01", BatchScope(person="U0ADA", before=1_704_067_200.0)),
        ("batch 4", BatchScope(batch=4)),
        ("batch #4", BatchScope(batch=4)),
    ],
)
def test_what_is_meant(text: str, scope: BatchScope) -> None:
    assert is_batch(text)
    assert parse(text) == scope
    assert parse(text).text


@pytest.mark.parametrize(
    "text",
    [
        "all of @nobody",
        "created before yesterday",
        "created before 2024-13-01",
        "all of <@U0ADA> and more",
        " ".join(map(str, range(300))),
    ],
)
def test_what_cannot_be_meant_is_said(text: str) -> None:
    assert is_batch(text)
    with pytest.raises(InputError):
        parse(text)


@pytest.mark.parametrize("text", ["<@U0ADA|ada>", "<@U0ADA>", "<@U0ADA> leaked", "all <@U0ADA>", "12 <@U0ADA|ada>"])
def test_a_person_is_no_key_and_the_right_words_are_suggested(text: str) -> None:
    assert is_batch(text)
    with pytest.raises(InputError) as wrong:
        parse(text, "enable")
    assert wrong.value.sentence == (
        "<@U0ADA> is a person, not a key. `/apikey enable all of @…` means every key of <@U0ADA>."
    )


@pytest.mark.parametrize("value", ["sk-" + "aB3d" * 12, "aB3d" * 12])
def test_the_value_of_a_key_is_not_repeated(value: str) -> None:
    with pytest.raises(InputError) as wrong:
        parse(f"12 {value}")
    assert "value of a key" in wrong.value.sentence
    assert "aB3d" not in wrong.value.sentence
