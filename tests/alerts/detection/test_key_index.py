import pytest
from pydantic import SecretStr

from bot.alerts.detection.fingerprints import Fingerprints, from_text, to_text
from bot.alerts.detection.key_index import IndexEntry, MatchKind
from bot.alerts.detection.scanner import Candidate
from tests.alerts.kit import SECRET, candidate, core, hint_of, index_of
from tests.tools.pace import a_plain_millisecond, cost


def test_a_whole_value_is_its_key() -> None:
    index = index_of(core(1), core(2))
    found = index.match(candidate(core(2)))
    assert (found.how, found.key_ids) == (MatchKind.FULL, (2,))
    assert index.match(candidate(core(3))).how is MatchKind.UNKNOWN


def test_a_masked_value_may_fit_one_or_several_and_is_never_guessed() -> None:
    twin = core(1)[:4] + "x" * 40 + core(1)[-4:]
    index = index_of(core(1), twin, core(3))
    masked = Candidate("", hint_of(core(1)), telling=True)
    assert (index.match(masked).how, index.match(masked).key_ids) == (MatchKind.AMBIGUOUS, (1, 2))
    assert index.match(Candidate("", hint_of(core(3)), telling=True)).how is MatchKind.MASKED
    # The whole value of one is not the other, whatever their ends.
    other = core(1)[:4] + "y" * 40 + core(1)[-4:]
    assert index.match(candidate(other)).how is MatchKind.UNKNOWN


def test_the_first_piece_of_a_key_may_mean_it() -> None:
    index = index_of(core(1), core(2))
    for length in (16, 20, 47):
        found = index.match(candidate(core(1)[:length]))
        assert (found.how, found.key_ids, found.hint) == (MatchKind.MASKED, (1,), f"{core(1)[:4]}…")
        assert found.fingerprint is None
        assert index.match(candidate(core(3)[:length])).how is MatchKind.UNKNOWN
    # As long as a key, it is another one.
    assert index.match(candidate(core(1)[:4] + core(3)[4:])).how is MatchKind.UNKNOWN


def test_a_whole_value_fits_a_hidden_key_by_its_ends() -> None:
    index = index_of(core(1), hidden=(core(2),))
    found = index.match(candidate(core(2)))
    assert (found.how, found.key_ids) == (MatchKind.MASKED, (2,))
    assert found.fingerprint is not None
    index.put([IndexEntry(2, hint_of(core(2)), found.fingerprint)])
    assert index.match_again(found.hint, found.fingerprint).how is MatchKind.FULL


def test_a_key_that_is_gone_is_forgotten() -> None:
    index = index_of(core(1), core(2))
    index.drop([2, 99])
    assert index.match(candidate(core(2))).how is MatchKind.UNKNOWN
    assert index.with_hint(hint_of(core(2))) == ()
    assert len(index) == index.fingerprinted == 1


def test_another_secret_gives_other_fingerprints_and_another_scheme() -> None:
    one, other = Fingerprints(SECRET), Fingerprints(SecretStr("another"))
    assert one.of(core(1)) == Fingerprints(SECRET).of(core(1)) != other.of(core(1))
    assert one.scheme != other.scheme
    assert from_text(to_text(one.of(core(1)))) == one.of(core(1))
    assert SECRET.get_secret_value() not in repr(vars(one))


@pytest.mark.timed
def test_a_look_up_among_many_takes_microseconds() -> None:
    prints = Fingerprints(SECRET)
    index = index_of()
    index.put(IndexEntry(number, f"{number:08d}", prints.of(f"{number:048d}")) for number in range(20_000))
    wanted = candidate(f"{12_345:048d}")
    assert index.match(wanted).key_ids == (12_345,)
    assert cost(lambda: [index.match(wanted) for _ in range(100)], per=a_plain_millisecond) < 10


def test_keys_are_known_by_both_ends_by_one_and_by_their_value() -> None:
    shown, hidden = core(1), core(2)
    index = index_of(shown, hidden=(hidden,))
    assert index.has_ends(hint_of(shown))
    assert not index.has_ends(shown[:4] + hidden[-4:])
    assert index.has_end(first=hidden[:4])
    assert index.has_end(last=shown[-4:])
    assert not index.has_end(first=shown[1:5])
    assert (index.holds(shown), index.may_hold(shown)) == (True, False)
    assert (index.holds(hidden), index.may_hold(hidden)) == (False, True)
    index.drop([1])
    assert not index.has_end(first=shown[:4])


def test_the_version_tells_when_there_is_something_new_to_recognise() -> None:
    index = index_of(core(1), hidden=(core(2),))
    prints = Fingerprints(SECRET)
    before = index.version
    index.put([IndexEntry(1, hint_of(core(1)), prints.of(core(1))), IndexEntry(2, hint_of(core(2)), None)])
    assert index.version == before
    for entry in (
        IndexEntry(3, hint_of(core(3)), None),  # another key
        IndexEntry(2, hint_of(core(2)), prints.of(core(2))),  # the value of a hidden one
        IndexEntry(1, hint_of(core(4)), prints.of(core(4))),  # another key with the number of one that is gone
    ):
        before = index.version
        index.put([entry])
        assert index.version > before


def test_beginnings_follow_what_is_put_and_dropped() -> None:
    index = index_of(core(1))
    assert core(1)[:4] in index.beginnings()
    assert core(2)[:4] not in index.beginnings()
    index.put([IndexEntry(2, hint_of(core(2)), None)])
    assert core(2)[:4] in index.beginnings()
    index.drop([1])
    assert core(1)[:4] not in index.beginnings()


def test_a_value_that_two_accounts_have_is_both_keys_and_stays_the_others_when_one_is_gone() -> None:
    index, value = index_of(core(1)), core(1)
    index.put([IndexEntry(9, hint_of(value), index.match(candidate(value)).fingerprint)])
    assert (index.match(candidate(value)).how, index.match(candidate(value)).key_ids) == (MatchKind.FULL, (1, 9))
    assert index.fingerprinted == 2
    index.drop([9])
    assert index.match(candidate(value)).key_ids == (1,)
    index.drop([1])
    assert index.match(candidate(value)).how is MatchKind.UNKNOWN
