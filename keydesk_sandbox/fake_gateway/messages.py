"""What the gateway says when it refuses. Contract: sections 5 and 11. Knows who speaks which language, nothing else."""

from .switches import GatewaySwitches

# class → (English, Chinese). "" in English: that text is always Chinese upstream.
_TEXTS = {
    "name_too_long": ("Token name is too long", "令牌名称过长"),
    "group_denied": ("No access to group {0}", "无权访问 {0} 分组"),
    "quota_negative": ("Quota value cannot be negative", "额度值不能为负数"),
    "quota_too_large": (
        "Quota value exceeds valid range, maximum is {0}",
        "额度值超出有效范围，最大值为 {0}",
    ),
    "expired_cannot_enable": (
        "Token has expired and cannot be enabled. Move its expiry first, or set it to never",
        "令牌已过期，无法启用，请先修改过期时间，或者设置为永不过期",
    ),
    "exhausted_cannot_enable": (
        "Token quota is exhausted and cannot be enabled. Raise its quota first, or set it to unlimited",
        "令牌可用额度已用尽，无法启用，请先修改剩余额度，或者设置为无限额度",
    ),
    "too_many_keys": ("", "已达到最大令牌数量限制 ({0})"),
    "not_found": ("record not found", "record not found"),
    "id_missing": ("", "id 或 userId 为空！"),
    "not_logged_in": (
        "Unauthorized, not logged in and no access token provided",
        "无权进行此操作，未登录且未提供 access token",
    ),
    "bad_pat": ("Unauthorized, invalid access token", "无权进行此操作，access token 无效"),
    "user_header_missing": (
        "Unauthorized, New-Api-User header not provided",
        "无权进行此操作，未提供 New-Api-User",
    ),
    "user_header_format": ("Unauthorized, New-Api-User header format error", "无权进行此操作，New-Api-User 格式错误"),
    "user_header_mismatch": (
        "Unauthorized, New-Api-User does not match logged in user",
        "无权进行此操作，New-Api-User 与登录用户不匹配",
    ),
    "banned": ("User has been banned", "用户已被封禁"),
    "role_too_low": ("Unauthorized, insufficient privileges", "无权进行此操作，权限不足"),
    "database": ("Database error, please try again later", "数据库错误，请稍后再试"),
    "bad_params": ("Invalid parameters", "参数错误"),
    "column_too_long": ("Data too long for column '{0}'", "Data too long for column '{0}'"),
    "search_pattern": ("Search pattern is not allowed", "搜索模式无效"),
}
_BAD_PARAMS_ZH = "无效的参数"

# the model side, one text per cause before 2026-04-12
DEAD_KEY = {
    "missing": "未提供令牌",
    "unknown": "无效的令牌",
    "disabled": "该令牌状态不可用",
    "expired": "该令牌已过期",
    "exhausted": "该令牌额度已用尽",
}


def speaks_chinese(switches: GatewaySwitches, accept_language: str) -> bool:
    """G1 always; later the account's language decides, else the first language the client accepts, else English."""
    if switches.language != "negotiated":
        return switches.language == "chinese"
    chosen = switches.account_language or accept_language.split(",", maxsplit=1)[0].strip()
    return chosen.lower().startswith("zh")


def text(name: str, switches: GatewaySwitches, accept_language: str, *values: object) -> str:
    """The message of a class of refusal, in the words of this deployment."""
    english, chinese = _TEXTS[name]
    if not english or speaks_chinese(switches, accept_language):
        if name == "bad_params" and switches.language == "negotiated":
            return _BAD_PARAMS_ZH
        return chinese.format(*values)
    if switches.language == "lower":
        english = english[0].lower() + english[1:]
    return english.format(*values)
