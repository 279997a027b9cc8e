import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from bot.audit import chain
from bot.audit.signed_head import Head, HeadSigner, UntrustedHead, anchor_words, read_anchor, read_head
from tests.audit.test_chain import make

HASH = "ab" * 32
SIGNER = HeadSigner("not-a-real-secret")
NOTE = SIGNER.sign(7, HASH)


def test_a_note_is_a_c2sp_signed_note_that_anybody_with_the_key_can_check() -> None:
    text, signature_line = NOTE.split("\n\n")
    assert text.split("\n") == ["keydesk/audit", "7", base64.b64encode(bytes.fromhex(HASH)).decode()]
    dash, name, encoded = signature_line.removesuffix("\n").split(" ")
    assert (dash, name) == ("\u2014", "keydesk/audit")
    key_name, key_id, key = SIGNER.verifier_key.split("+", 2)
    raw, signed = base64.b64decode(key), base64.b64decode(encoded)
    assert (key_name, raw[0], signed[:4].hex()) == ("keydesk/audit", 1, key_id)
    Ed25519PublicKey.from_public_bytes(raw[1:]).verify(signed[4:], (text + "\n").encode())


@pytest.mark.parametrize("note", [NOTE, NOTE.replace("\n", "\r\n"), NOTE + "\u2014 witness aGVsbG8=\n"])
def test_our_note_is_opened(note: str) -> None:
    assert SIGNER.open(note) == Head(count=7, hash=HASH, signed=True)
    assert read_head(f"\n{note}", SIGNER).signed


@pytest.mark.parametrize(
    ("note", "told"),
    [
        (NOTE.replace("\n7\n", "\n8\n"), "was changed"),
        (HeadSigner("another").sign(7, HASH), "another key"),
        (NOTE.partition("\n\n")[0] + "\n\n", "not signed"),
        (NOTE.replace("\u2014 keydesk/audit", "\u2014 somebody"), "not signed"),
        (NOTE[:-3] + "!\n", "not signed"),
        ("", "not signed"),
    ],
)
def test_other_notes_are_refused(note: str, told: str) -> None:
    with pytest.raises(UntrustedHead, match=told):
        SIGNER.open(note)


def test_a_head_is_read_from_a_note_a_line_or_an_export() -> None:
    export = make(3)
    last = json.loads(export[-1])["head"]
    line = chain.canonical({"head": last | {"note": SIGNER.sign(3, last["hash"])}})
    signed = Head(count=3, hash=last["hash"], signed=True)
    assert read_head(line, SIGNER) == read_head("\n".join([*export[:-1], line, ""]), SIGNER) == signed
    assert read_head(export[-1], SIGNER) == read_head(line, None) == Head(count=3, hash=last["hash"])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no head in it"),
        ("[]", "no head in it"),
        ('{"head":{"count":"3","hash":"aa"}}', "no head in it"),
        ('{"head":{"count":3}}', "no head in it"),
        (json.dumps({"head": {"count": 8, "hash": HASH, "note": NOTE}}), "something else than its signed note"),
    ],
)
def test_what_is_no_head_is_said(text: str, told: str) -> None:
    with pytest.raises(UntrustedHead, match=told):
        read_head(text, SIGNER)


def test_a_note_needs_the_secret() -> None:
    with pytest.raises(UntrustedHead, match="SLACK_SIGNING_SECRET"):
        read_head(NOTE, None)


def test_an_anchor_says_and_reads_the_same() -> None:
    assert read_anchor(":anchor: {}`{}`.".format(*anchor_words(1_234_567, HASH))) == Head(count=1_234_567, hash=HASH)
    assert read_anchor("the weather is fine") is None


def heads_of(export: list[str], count: int) -> Head:
    return Head(count=count, hash=json.loads(export[count - 1])["hash"] if count else chain.GENESIS)


@pytest.mark.parametrize("count", [0, 1, 5, 10])
def test_a_record_that_only_grew_goes_on_from_every_earlier_head(count: int) -> None:
    export = make(10)
    assert chain.verify(export, heads=[heads_of(export, count)]).problems == ()


def rewritten(count: int) -> list[str]:
    """A whole new record with a sound chain, as whoever can write the database would make it."""
    lines, previous = [], chain.GENESIS
    for text in make(count)[:-1]:
        line = json.loads(text) | {"actor": "U0EVE", "previous_hash": previous}
        del line["hash"]
        previous = chain.sealed(line)
        lines.append(chain.canonical(line | {"hash": previous}))
    return [*lines, chain.canonical({"head": {"count": count, "hash": previous}})]


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (rewritten(10), "Line 5 is not the one that the earlier head remembers: the record was rewritten up to there."),
        (make(3), "Lines 4 to 5 are missing: the earlier head counts 5 lines."),
        (make(0), "Lines 1 to 5 are missing: the earlier head counts 5 lines."),
    ],
)
def test_a_rewritten_a_cut_and_an_emptied_record_are_found(now: list[str], told: str) -> None:
    assert chain.verify(now).problems == ()
    assert [problem.sentence for problem in chain.verify(now, heads=[heads_of(make(10), 5)]).problems] == [told]


@pytest.mark.parametrize("head", [Head(count=0, hash=HASH), Head(count=-1, hash=HASH)])
def test_a_head_that_no_record_can_have_is_said(head: Head) -> None:
    assert [problem.kind for problem in chain.verify(make(2), heads=[head]).problems] == ["head"]
