"""Every card and window of this version, in every language: nothing of ours is cut by one of Slack's limits."""

import pytest

from bot.cli.check import samples as samples_module
from bot.languages import languages, speaking
from bot.slack import blocks

# Texts of these places are ours alone; longer ones hold what people typed, and may be cut.
OURS = {
    blocks.TITLE_LIMIT: "title or button of a window",
    blocks.CONFIRM_BUTTON_LIMIT: "button of a confirmation",
    blocks.CONFIRM_TITLE_LIMIT: "title of a confirmation",
    blocks.CONFIRM_TEXT_LIMIT: "text of a confirmation",
    blocks.BUTTON_LIMIT: "button or option",
    blocks.PLACEHOLDER_LIMIT: "placeholder or header",
}


def cuts(monkeypatch: pytest.MonkeyPatch, tag: str) -> set[str]:
    """Texts that were cut while every sample was drawn in a language."""
    found: set[str] = set()
    real = blocks.truncate

    def noting(text: str, limit: int) -> str:
        kept = real(text, limit)
        if kept != text and limit in OURS:
            found.add(f"{OURS[limit]}: {text}")
        return kept

    monkeypatch.setattr(blocks, "truncate", noting)
    with speaking(languages()[tag]):
        assert len(list(samples_module.samples())) > 50
    return found


@pytest.mark.parametrize("tag", languages())
def test_no_text_of_ours_is_cut(monkeypatch: pytest.MonkeyPatch, tag: str) -> None:
    assert cuts(monkeypatch, tag) == set()


def test_a_text_that_is_too_long_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    long = "A title that is far too long for Slack"
    monkeypatch.setattr(samples_module, "samples", lambda: [blocks.modal("x", long, [], close="Close")] * 51)
    assert cuts(monkeypatch, "en") == {f"title or button of a window: {long}"}
