from tests.languages.foreign import PseudoCatalog, Watch, plain, pseudo


def test_it_is_longer_and_goes_back_to_english() -> None:
    text = "Key {name} is `disabled` by <@U0ADA> :x:."
    assert plain(pseudo(text)) == text
    assert len(pseudo(text)) >= len(text) * 1.35
    assert "{name}" in pseudo(text)
    assert "<@U0ADA>" in pseudo(text)


def test_plain_english_is_found_and_names_codes_and_arguments_are_not() -> None:
    catalog = PseudoCatalog()
    watch = Watch(words=frozenset({"disable", "key"}), messages=frozenset({"Disable a key"}))
    fine = catalog.one("Disable {name}").replace("{name}", "my key to disable")
    assert watch.look({"text": fine, "blocks": [{"text": {"type": "mrkdwn", "text": "`disable` <@U1> gpt-4o"}}]}) == {
        "text": "Disable my key to disable",
        "blocks": [{"text": {"type": "mrkdwn", "text": "`disable` <@U1> gpt-4o"}}],
    }
    assert watch.english == []
    watch.look({"view": {"title": {"text": "Disable a key"}}})
    assert watch.english == ["Disable a key"]


def test_a_translated_text_that_was_cut_is_found() -> None:
    watch = Watch(words=frozenset(), messages=frozenset())
    watch.look({"text": pseudo("Disable the key now")[:12] + "…"})
    assert len(watch.cut) == 1
