"""What a view remembers counts when we wrote it, for this person and this form, and not long ago."""

import dataclasses

import pytest
from pydantic import SecretStr

from bot.slack.blocks import PRIVATE_METADATA_LIMIT, SEAL_LENGTH, modal
from bot.slack.delivery import Delivery, Kind
from bot.slack.view_seal import LONGEST_SECONDS, ViewSeal
from tests.slack.kit import NOW, make_delivery

SECRET = SecretStr("a secret of this desk")
SEAL = ViewSeal.of(SECRET, clock=lambda: NOW)
COMMAND = make_delivery(Kind.COMMAND, user_id="U0ANN")
TEXT = '{"key": 7, "channel": "C0KEYS"}'


def sealed(text: str = TEXT, *, by: Delivery = COMMAND, seal: ViewSeal = SEAL) -> str:
    return str(seal.close(modal("key.update", "Edit", [], private_metadata=text), by)["private_metadata"])


def opened(metadata: str, *, user: str = "U0ANN", form: str = "key.update", seal: ViewSeal = SEAL) -> Delivery:
    view = {"id": "V1", "type": "modal", "callback_id": form, "private_metadata": metadata}
    return seal.open(make_delivery(Kind.VIEW_SUBMISSION, user_id=user, payload={"view": view, "more": 1}))


def test_what_we_wrote_comes_back_as_it_was_from_any_process() -> None:
    for seal in (SEAL, ViewSeal.of(SECRET, clock=lambda: NOW + 60)):
        back = opened(sealed(), seal=seal)
        assert (back.private_metadata, back.written_at, back.form_channel("C0KEYS")) == (TEXT, NOW, "C0KEYS")
        assert back.payload["more"] == 1


@pytest.mark.parametrize(
    "back",
    [
        opened(TEXT),  # a window from before there were seals
        opened(sealed().replace("C0KEYS", "C0OTHER")),
        opened(sealed()[:-1] + ("0" if sealed()[-1] != "0" else "1")),
        opened(sealed(), user="U0BEN"),
        opened(sealed(), form="key.quota"),
        opened(sealed(seal=ViewSeal.of(SecretStr("another"), clock=lambda: NOW))),
        opened(sealed(), seal=ViewSeal.of(SECRET, clock=lambda: NOW + LONGEST_SECONDS + 1)),
        opened(f"{TEXT}\nnonsense.0"),
        opened(f"{TEXT}\n{int(NOW):x}.é\udce9"),
        opened(f"{TEXT}\n{'0' * 200}.0"),
        opened(f"{TEXT}\n{int(NOW) + 9:x}.{sealed().rpartition('.')[2]}"),
    ],
)
def test_anything_else_is_an_id_to_look_up_and_no_channel(back: Delivery) -> None:
    assert back.written_at is None
    assert back.form_channel("C0KEYS") == ""


def test_a_form_that_is_drawn_again_is_as_old_as_it_was() -> None:
    later = ViewSeal.of(SECRET, clock=lambda: NOW + 3600)
    change = dataclasses.replace(opened(sealed(), seal=later), kind=Kind.ACTION)
    assert opened(sealed(by=change, seal=later), seal=later).written_at == NOW


def test_a_view_that_remembers_nothing_has_no_seal_and_the_longest_has_room_for_one() -> None:
    assert sealed("") == ""
    assert len(sealed("x" * (PRIVATE_METADATA_LIMIT - SEAL_LENGTH))) <= PRIVATE_METADATA_LIMIT
    assert opened("").written_at is None
    assert SEAL.open(COMMAND) is COMMAND


def test_a_secret_in_what_is_remembered_breaks_no_seal() -> None:
    back = opened(sealed('{"channel": "C0KEYS", "name": "xoxb-1234-abcdefghijkl"}'))
    assert back.written_at == NOW
    assert "xoxb" not in back.private_metadata
