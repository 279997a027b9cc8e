"""The gateway's refusals in the language of the deployment and the account."""

import dataclasses
from typing import Any

import pytest

from keydesk_sandbox.fake_gateway.messages import language, text
from keydesk_sandbox.fake_gateway.switches import GatewaySwitches

BASE = GatewaySwitches()


def switches(**changes: Any) -> GatewaySwitches:
    return dataclasses.replace(BASE, **changes)


@pytest.mark.parametrize(
    ("changes", "accepts", "spoken"),
    [
        ({"language": "chinese"}, "en", "zh-CN"),
        ({"language": "english"}, "zh-TW", "en"),
        ({"language": "negotiated", "account_language": ""}, "zh-TW,en", "zh-TW"),
        ({"language": "negotiated", "account_language": ""}, "zh", "zh-CN"),
        ({"language": "negotiated", "account_language": ""}, "de", "en"),
        ({"language": "negotiated", "account_language": "zh-Hant"}, "en", "zh-TW"),
    ],
)
def test_which_language_is_spoken(changes: dict[str, Any], accepts: str, spoken: str) -> None:
    assert language(switches(**changes), accepts) == spoken


def test_values_are_put_into_the_text() -> None:
    assert text("group_denied", switches(language="english"), "", "vip") == "No access to group vip"
    assert text("group_denied", switches(language="lower"), "", "vip") == "no access to group vip"
    assert "vip" in text("group_denied", switches(language="chinese"), "", "vip")


def test_some_texts_are_always_chinese() -> None:
    assert "(1000)" in text("too_many_keys", switches(language="english"), "en", 1000)
    assert text("bad_params", switches(language="chinese"), "") == "参数错误"
