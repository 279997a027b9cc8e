"""The state behind all endpoints: what is done later, which groups and models are offered, which secrets it knows."""

from dataclasses import replace
from typing import Any

import pytest

from keydesk_sandbox.fake_gateway.clock import Clock
from keydesk_sandbox.fake_gateway.state import AccountRow, GatewayState
from keydesk_sandbox.fake_gateway.switches import profile_named

START = 1_800_000_000.0


def state(profile: str = "cometapi", **switches: Any) -> GatewayState:
    chosen = replace(profile_named(profile).switches, **switches)
    return GatewayState(
        clock=Clock(start=START), switches=chosen, account=AccountRow(id=1), pat="a-pat-of-tests", seed=1
    )


def test_what_is_due_later_waits_and_what_is_due_now_is_done() -> None:
    done: list[str] = []
    one = state()
    one.after(0, lambda: done.append("now"))
    one.after(5, lambda: done.append("later"))
    assert done == ["now"]
    assert [due for due, _ in one.later] == [START + 5]


def test_a_request_id_begins_with_the_time_and_never_repeats() -> None:
    one = state()
    ids = set()
    for _ in range(50):
        one.new_request_id()
        ids.add(one.request_id)
        assert one.request_id.startswith("20270115080000000000")
        assert len(one.request_id) == one.switches.request_id_length
    assert len(ids) == 50


@pytest.mark.parametrize("offered", [False, True])
def test_the_automatic_group_is_offered_only_by_switch(offered: bool) -> None:
    one = state(auto_group=offered)
    one.account.groups["auto"] = ("auto", "picks one")
    assert ("auto" in one.usable_groups()) is offered


def test_a_group_may_offer_fewer_models_and_no_group_means_all_of_them() -> None:
    one = state()
    group = next(iter(one.usable_groups()))
    one.account.group_models[group] = ("only-this",)
    assert one.models_of(group) == ["only-this"]
    assert one.models_of("no such group") == []
    assert set(one.models_of("")) > {"only-this"}


def test_a_replaced_token_is_still_known_for_a_secret() -> None:
    one = state()
    old, new = one.pat, one.replace_pat()
    assert new == one.pat != old
    assert dict(one.secrets_in(f"{old} and {new}")) == {old: "old pat", new: "pat"}
    assert list(one.secrets_in("nothing of that kind")) == []
