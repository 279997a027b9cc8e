"""A card names who decides, mentions them where its row says so, and says that nothing happens by itself."""

from bot.care.decision_words import decision_text, with_mention


def test_who_decides_is_named_without_a_mention() -> None:
    text = decision_text({"deciders": ["security", "U0SAM"]}, "*Accept* keeps it.")
    plain = text.translate({0x2068: None, 0x2069: None})
    assert plain.startswith(
        "*Who decides*: the role *security* and <@U0SAM>. *Accept* keeps it. There is no time limit"
    )


def test_others_who_may_decide_too_are_named() -> None:
    text = decision_text({"deciders": ["security"], "others": ["admin"]}, "*Accept* keeps it.")
    assert "the role *admin* may as well." in text.translate({0x2068: None, 0x2069: None})


def test_a_card_of_an_earlier_version_names_nobody() -> None:
    assert decision_text({}, "*Accept* keeps it.").startswith("*Accept* keeps it. There is no time limit")
    assert with_mention({}, "A key.") == "A key."


def test_a_mention_stands_before_the_sentence() -> None:
    assert with_mention({"called": ["S0SECURITY"]}, "A key.") == "<!subteam^S0SECURITY> A key."
