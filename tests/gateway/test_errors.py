"""The gateway's words, in two languages, mapped to classes."""

import pytest

from bot.gateway.errors import AUTH_REFUSALS, SENTENCES, Refusal, refusal_of
from bot.gateway.replies import without_secrets

WORDS = [
    ("token name is too long", "name_too_long"),
    ("Token name is too long", "name_too_long"),
    ("令牌名称过长", "name_too_long"),
    ("user has no access to group vip", "group_denied"),
    ("无权访问 vip 分组", "group_denied"),
    ("Quota value cannot be negative", "quota_negative"),
    ("额度值不能为负数", "quota_negative"),
    ("Quota value exceeds valid range, maximum is 500000000000000", "quota_too_large"),
    ("额度值超出有效范围，最大值为 5", "quota_too_large"),
    ("Token has expired and cannot be enabled. Please change", "expired_cannot_enable"),
    ("令牌已过期，无法启用，请先修改令牌过期时间", "expired_cannot_enable"),
    ("Token quota is exhausted and cannot be enabled. Please", "exhausted_cannot_enable"),
    ("令牌可用额度已用尽，无法启用，请先修改", "exhausted_cannot_enable"),
    ("已达到最大令牌数量限制 (1000)", "too_many_keys"),
    ("maximum number of tokens reached", "too_many_keys"),
    ("record not found", "not_found"),
    ("id 或 userId 为空！", "id_missing"),
    ('strconv.Atoi: parsing "abc": invalid syntax', "bad_id"),
    ("json: cannot unmarshal string into Go struct field", "bad_json"),
    ("invalid character '<' looking for beginning of value", "bad_json"),
    ("unexpected EOF", "bad_json"),
    ("Unauthorized, not logged in and no access token provided", "not_logged_in"),
    ("无权进行此操作，未登录且未提供 access token", "not_logged_in"),
    ("Unauthorized, invalid access token", "bad_pat"),
    ("无权进行此操作，access token 无效", "bad_pat"),
    ("Unauthorized, New-Api-User header not provided", "user_header"),
    ("New-Api-User does not match logged in user", "wrong_user_id"),
    ("无权进行此操作，New-Api-User 与登录用户不匹配", "wrong_user_id"),
    ("User has been banned", "banned"),
    ("用户已被封禁", "banned"),
    ("Unauthorized, insufficient privilege", "role_too_low"),
    ("Invalid parameters", "bad_params"),
    ("无效的参数", "bad_params"),
    ("a geofence is thereof no reason", "unknown"),
    ("", "unknown"),
]


@pytest.mark.parametrize(("words", "refusal"), WORDS)
def test_words_are_classed(words: str, refusal: str) -> None:
    assert refusal_of(words) is Refusal(refusal)
    assert refusal_of(words.upper()) is Refusal(refusal)


def test_a_code_says_more_than_words() -> None:
    assert refusal_of("?", code="AUTH_USER_DISABLED") is Refusal.BANNED
    assert refusal_of("record not found", code="whatever") is Refusal.NOT_FOUND


def test_every_class_has_a_sentence_of_ours() -> None:
    assert set(SENTENCES) == set(Refusal)
    assert set(Refusal) > AUTH_REFUSALS
    assert all(sentence.endswith(".") and len(sentence) < 120 for sentence in SENTENCES.values())


def test_the_log_gets_no_secret_and_no_second_line() -> None:
    text = without_secrets("a sk-abcdefghijk b\nc AKfakeFAKE+/0123456789abcdefghij== d mine e", ["mine"])
    assert text == "a [secret] b c [secret] d [secret] e"
