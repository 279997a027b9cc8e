"""What the gateway says when it refuses. Contract: sections 5 and 11. The language depends on profile and account."""

from collections.abc import Mapping
from typing import Literal

from .switches import GatewaySwitches

Language = Literal["en", "zh-CN", "zh-TW"]

# class → (English, Simplified, Traditional). "" in English: that text is always Chinese, in Simplified characters.
_TEXTS: Mapping[str, tuple[str, str, str]] = {
    "name_too_long": ("Token name is too long", "令牌名称过长", "令牌名稱過長"),
    "group_denied": ("No access to group {0}", "无权访问 {0} 分组", "無權存取 {0} 分組"),
    "quota_negative": ("Quota value cannot be negative", "额度值不能为负数", "額度值不能為負數"),
    "quota_too_large": (
        "Quota value exceeds valid range, maximum is {0}",
        "额度值超出有效范围，最大值为 {0}",
        "額度值超出有效範圍，最大值為 {0}",
    ),
    "expired_cannot_enable": (
        "Token has expired and cannot be enabled. Move its expiry first, or set it to never",
        "令牌已过期，无法启用，请先修改过期时间，或者设置为永不过期",
        "令牌已過期，無法啟用，請先修改過期時間，或者設為永不過期",
    ),
    "exhausted_cannot_enable": (
        "Token quota is exhausted and cannot be enabled. Raise its quota first, or set it to unlimited",
        "令牌可用额度已用尽，无法启用，请先修改剩余额度，或者设置为无限额度",
        "令牌可用額度已用盡，無法啟用，請先修改剩餘額度，或者設為無限額度",
    ),
    "too_many_keys": ("", "已达到最大令牌数量限制 ({0})", ""),
    "not_found": ("record not found", "record not found", "record not found"),
    "id_missing": ("", "id 或 userId 为空！", ""),
    "not_logged_in": (
        "Unauthorized, not logged in and no access token provided",
        "无权进行此操作，未登录且未提供 access token",
        "無權進行此操作，未登入且未提供 access token",
    ),
    "bad_pat": (
        "Unauthorized, invalid access token",
        "无权进行此操作，access token 无效",
        "無權進行此操作，access token 無效",
    ),
    "user_header_missing": (
        "Unauthorized, New-Api-User header not provided",
        "无权进行此操作，未提供 New-Api-User",
        "無權進行此操作，未提供 New-Api-User",
    ),
    "user_header_format": (
        "Unauthorized, New-Api-User header format error",
        "无权进行此操作，New-Api-User 格式错误",
        "無權進行此操作，New-Api-User 格式錯誤",
    ),
    "user_header_mismatch": (
        "Unauthorized, New-Api-User does not match logged in user",
        "无权进行此操作，New-Api-User 与登录用户不匹配",
        "無權進行此操作，New-Api-User 與登入使用者不符",
    ),
    "banned": ("User has been banned", "用户已被封禁", "使用者已被封禁"),
    "role_too_low": ("Unauthorized, insufficient privileges", "无权进行此操作，权限不足", "無權進行此操作，權限不足"),
    "database": ("Database error, please try again later", "数据库错误，请稍后再试", "資料庫錯誤，請稍後再試"),
    "bad_params": ("Invalid parameters", "无效的参数", "無效的參數"),
    "batch_too_long": (
        "Too many items in batch request, maximum is {0}",
        "批量请求的数量过多，最多 {0} 个",
        "批次請求的數量過多，最多 {0} 個",
    ),
    "period_too_long": ("", "时间跨度不能超过 1 个月", ""),
    "column_too_long": ("Data too long for column '{0}'",) * 3,
    "search_pattern": ("Search pattern is not allowed", "搜索模式无效", "搜尋模式無效"),
}
_BAD_PARAMS_G1 = "参数错误"

# the model side, one text per cause before 2026-04-12
DEAD_KEY = {
    "missing": "未提供令牌",
    "unknown": "无效的令牌",
    "disabled": "该令牌状态不可用",
    "expired": "该令牌已过期",
    "exhausted": "该令牌额度已用尽",
}


def language(switches: GatewaySwitches, accept_language: str) -> Language:
    """Simplified for G1; later the account's language, else the first one the client accepts, else English."""
    if switches.language != "negotiated":
        return "zh-CN" if switches.language == "chinese" else "en"
    chosen = (switches.account_language or accept_language.split(",", maxsplit=1)[0].strip()).lower()
    if chosen.startswith(("zh-tw", "zh-hk", "zh-hant")):
        return "zh-TW"
    return "zh-CN" if chosen.startswith("zh") else "en"


def text(name: str, switches: GatewaySwitches, accept_language: str, *values: object) -> str:
    """The message of a class of refusal, in the words of this deployment."""
    english, simplified, traditional = _TEXTS[name]
    spoken = language(switches, accept_language)
    if name == "bad_params" and switches.language == "chinese":
        return _BAD_PARAMS_G1
    if not english or spoken == "zh-CN":
        return simplified.format(*values)
    if spoken == "zh-TW":
        return traditional.format(*values)
    if switches.language == "lower":
        english = english[0].lower() + english[1:]
    return english.format(*values)
