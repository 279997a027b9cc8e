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


@pytest.mark.parametrize(
    ("template", "piece"),
    [
        ("اكتب مقدار الإضافة (+100k)", "+100k"),
        ("اكتب مقدار الخصم (-100k)", "-100k"),
        ("الصيغة =100k تحدد ما يتبقى", "=100k"),
        ("أو +$5", "+$5"),
        ("أقل من $0.01", "$0.01"),
        ("100k أو أكثر", "100k"),
        ("مثل 1.5M، أو أكثر", "1.5M"),
        ("الدولار الأمريكي 10 USD.", "10 USD"),
        ("مقدار التغيير +{number} وحدة", "+{number}"),
        ("الطلب #{number}.", "#{number}"),
        ("بادئة من /0 إلى ما بعدها", "/0"),
        ("بادئة إلى /{most}.", "/{most}"),
        ("يقبل IPv{version} فقط", "IPv{version}"),
        ("لم يُجب (HTTP {status}).", "HTTP {status}"),
        ("إلى /alerts/{source}", "/alerts/{source}"),
        ("الشرط keys_at_most = {limit}: بلغ حده", "keys_at_most = {limit}"),
        ('تحتاج إلى المدة: per = "30d"', 'per = "30d"'),
        ('ينقص from = ["…"]', 'from = ["…"]'),
        ("هكذا: 2026-03-01، أو غيره", "2026-03-01"),
        ("هكذا: 2026-03-01 12:00 (UTC).", "2026-03-01 12:00 (UTC)"),
        ("وحدات (500_000) فقط", "500_000"),
    ],
)
def test_what_is_typed_keeps_its_signs_where_they_stand(template: str, piece: str) -> None:
    found = catalog.Catalog(gettext.NullTranslations(), isolates=True).one(template)
    assert found.lstrip("\u200f") == template.replace(piece, f"\u2068{piece}\u2069")
