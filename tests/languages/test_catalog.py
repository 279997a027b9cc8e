import gettext
from pathlib import Path

import pytest

from bot.errors import CannotStart
from bot.languages import catalog


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(catalog, "CATALOGS", tmp_path)
    (tmp_path / "tlh").mkdir()
    return tmp_path / "tlh"


def test_a_missing_catalogue_is_english(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert folder.is_dir()
    assert catalog.tags() == ("tlh",)
    assert catalog.load("tlh", right_to_left=False).one("Disable") == "Disable"
    assert "tlh" in caplog.text
    assert catalog.missing() == ("tlh",)


@pytest.mark.parametrize("content", [b"", b"not a catalogue", b"\xde\x12\x04\x95" + b"\xff" * 40])
def test_a_broken_catalogue_stops_the_start_by_its_name(folder: Path, content: bytes) -> None:
    (folder / "keydesk.mo").write_bytes(content)
    with pytest.raises(CannotStart, match=r"tlh/keydesk\.mo is broken"):
        catalog.load("tlh", right_to_left=False)


def test_pieces_of_a_right_to_left_sentence_keep_their_own_order() -> None:
    found = catalog.Catalog(gettext.NullTranslations(), isolates=True)
    assert found.one("{who}: `/apikey {word}` <https://x|y>") == (
        "\u200f\u2068{who}\u2069: \u2068`/apikey {word}`\u2069 \u2068<https://x|y>\u2069"
    )


@pytest.mark.parametrize(
    ("template", "ready"),
    [
        ("*{name}*: معطَّل", "*\u200f\u2068{name}\u2069*: معطَّل"),
        ("{first} {second}", "\u200f\u2068{first}\u2069 \u2068{second}\u2069"),
        (":bell: Keydesk لا يعمل", ":bell: \u200fKeydesk لا يعمل"),
        ("✅ عُطّل {name}", "✅ عُطّل \u2068{name}\u2069"),
        ("الأمر /apikey enable، أو غيره", "الأمر \u2068/apikey enable\u2069، أو غيره"),
        ("معطَّل", "معطَّل"),
        ("Key {name} is not translated", "Key \u2068{name}\u2069 is not translated"),
        ("", ""),
    ],
)
def test_a_sentence_that_begins_with_a_piece_is_read_from_right_to_left(template: str, ready: str) -> None:
    found = catalog.Catalog(gettext.NullTranslations(), isolates=True)
    assert found.one(template, "context" if template else "") == ready
