"""What may differ between deployments, as plain values. Contract: the generations table, sections 4 to 12, 17 and 19.1.

A switch is a question somebody may ask of a live gateway; a profile is one set of answers.
"""

from dataclasses import dataclass, replace
from typing import Literal

UNITS_PER_USD = 500_000

RateLimit = tuple[int, float]  # requests, in so many seconds


@dataclass(frozen=True, kw_only=True)
class GatewaySwitches:
    """The answers of one deployment. The defaults are those of the `cometapi` profile."""

    # signing in (sections 1 and 4)
    user_header: bool = False  # New-Api-User must be sent and be the owner's id
    auth_codes: bool = False  # a bad PAT is HTTP 401 with a string `code`, not HTTP 200
    database_down: bool = False  # the PAT cannot be checked

    # words (section 5)
    language: Literal["lower", "chinese", "negotiated"] = "lower"
    account_language: Literal["", "en", "zh-CN", "zh-TW"] = ""
    request_id_header: str = "X-Cometapi-Request-Id"
    error_type: str = "comet_api_error"
    request_id_length: int = 30  # 20 digits of the time, then letters and digits
    version_header: str = ""  # X-New-Api-Version, and Auth-Version on what was signed in
    one_invalid_text: bool = True  # one text for every dead key, else one per cause

    # the record (section 3)
    masked: bool = False
    deleted_at: bool = False  # records carry "DeletedAt": null
    auto_groups: bool = False  # records carry auto_groups, and cross_group_retry needs the automatic group

    # create (section 6)
    create_returns_data: bool = False
    zero_expiry_is_never: bool = True
    name_unit: Literal["bytes", "characters"] = "characters"
    name_limit: int = 50
    max_quota: int = 1_000_000_000 * UNITS_PER_USD
    max_keys: int | None = None
    stores_writes: bool = True  # False: says yes to every write and stores nothing
    ignored_fields: tuple[str, ...] = ()  # accepted with success, never stored
    auto_group: bool = True  # the account is offered the group `auto`
    group_check_create: bool = True
    group_check_update: bool = False
    allow_ips_column: int | None = None  # characters the database column holds
    model_limits_column: int | None = None
    column_overflow: Literal["refuse", "cut"] = "refuse"

    # update (section 7)
    status_only: bool = True  # the query parameter is honoured
    plain_status: bool = False  # `status` in a plain PUT is honoured

    # search (section 8)
    search: Literal["array", "pages"] = "array"
    search_ignores_case: bool = True  # as SQLite does

    page_rows: int | None = None  # a page holds so many, whatever is asked for
    endless_list: bool = False  # the last page comes again and again, and there are always more

    # time (section 9)
    lazy_status: bool = True  # no Redis: a model call stores status 3 or 4. False: never
    cache_disable: float = 0.0  # seconds during which the model side still sees the old record
    cache_delete: float = 0.0
    cache_edit: float = 0.0  # quota, expiry, limits and groups
    charge_delay: float = 0.0  # batch mode: a charge reaches the database this much later
    call_duration: float = 0.0  # seconds from the pre-charge of a paid call to its settlement
    units_per_usd: int = UNITS_PER_USD  # what /api/status says

    # the model side (sections 10 and 11)
    empty_limits_block: bool = False  # limits enabled and empty: nothing is allowed. False: no limit
    forwarded_ip: bool = True  # X-Forwarded-For is believed
    models_success_member: bool = False
    cpu_overloaded: bool = False  # paid calls are answered 503; says nothing of the key
    usage_of_disabled: bool = False  # a disabled key may still ask for its own usage
    log_token_id: bool = False

    # endpoints (section 2)
    reveal: bool = False
    batch_reveal: bool = False
    batch_delete: bool = False
    self_groups: bool = False
    account_stats: bool = True  # GET /api/user/self/stats
    public_models: bool = True  # GET /api/models needs no PAT
    upstream_endpoints: bool = False  # /api/user/models, /api/pricing, /api/status, /api/data/self
    unknown_path: Literal["json", "page", "elsewhere"] = "json"  # page: 200 with the web page outside /api and /v1
    elsewhere: str = "https://console.elsewhere.test"

    # limits (section 12); None: no limit
    ip_limit: RateLimit | None = None
    reveal_limit: RateLimit | None = None
    search_limit: RateLimit | None = None


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A named set of switches."""

    name: str
    switches: GatewaySwitches


_G1 = GatewaySwitches(
    user_header=True,
    language="chinese",
    request_id_header="X-Oneapi-Request-Id",
    error_type="new_api_error",
    version_header="g1",
    one_invalid_text=False,
    deleted_at=True,
    name_unit="bytes",
    group_check_create=False,
    auto_group=False,
    model_limits_column=1024,
    empty_limits_block=True,
    models_success_member=True,
    batch_delete=True,
    self_groups=True,
    account_stats=False,
    public_models=False,
    upstream_endpoints=True,
    log_token_id=True,
    unknown_path="page",
    ip_limit=(180, 180.0),
    reveal_limit=(20, 1200.0),
)
_G2 = replace(
    _G1,
    language="negotiated",
    request_id_length=39,
    version_header="g2",
    usage_of_disabled=True,
    one_invalid_text=True,
    masked=True,
    max_keys=1000,
    model_limits_column=None,
    search="pages",
    reveal=True,
    batch_reveal=True,
    search_limit=(10, 60.0),
)
_G3 = replace(
    _G2,
    user_header=False,
    auth_codes=True,
    auto_groups=True,
    version_header="g3",
    usage_of_disabled=False,
    max_quota=2_147_483_647,
)
# A gateway of the same family that answers every write with success and stores none of it.
_SIBLING = replace(_G2, stores_writes=False, ignored_fields=("model_limits_enabled", "model_limits", "allow_ips"))

PROFILES = {
    name: Profile(name=name, switches=switches)
    for name, switches in (
        ("cometapi", GatewaySwitches()),
        ("upstream", _G2),
        ("upstream-g1", _G1),
        ("upstream-g2", _G2),
        ("upstream-g3", _G3),
        ("sibling", _SIBLING),
    )
}


def profile_named(name: str) -> Profile:
    """The profile of that name; ValueError names those there are."""
    try:
        return PROFILES[name]
    except KeyError:
        raise ValueError(f"no profile {name!r}; there are {', '.join(sorted(PROFILES))}") from None
