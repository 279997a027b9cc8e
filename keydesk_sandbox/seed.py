"""Who and what the sandbox begins with: people of every kind, user groups, channels, keys and a policy."""

import sqlalchemy as sa

from bot.gateway.numbers import KeyNumbers
from bot.keys import owners
from keydesk_sandbox.fake_gateway import FakeGateway
from keydesk_sandbox.fake_pagerduty import PagerDutyUser
from keydesk_sandbox.fake_slack.people import Person, PersonKind, Team, UserGroup
from keydesk_sandbox.fake_slack.workspace import Channel, Workspace

TEAM = "T0SANDBOX"
BOT_USER = "U0KEYDESK"
KEYS_CHANNEL, SECURITY_CHANNEL, GENERAL_CHANNEL = "C0KEYS", "C0SECURITY", "C0GENERAL"
ENGINEER, SECOND_ENGINEER, MANAGER, SECOND_MANAGER = "U0ADA", "U0BEN", "U0MIRA", "U0OMAR"
ARABIC_ENGINEER, CHINESE_MANAGER = "U0NOUR", "U0YATING"
SECURITY, ADMIN, GUEST, OUTSIDER, DEACTIVATED = "U0SAM", "U0ALEX", "U0GIL", "U0OLGA", "U0DORA"

# The name of the variable that holds the access token of the second account.
SECOND_GATEWAY = "GATEWAY_TOKEN_PROD"
POLICY = """\
# The sandbox's policy. Change it while the sandbox runs: it is read again at once.

[roles]
engineer = ["S0ENGINEERS"]
manager  = ["S0MANAGERS"]
security = ["S0SECURITY"]
admin    = ["S0ADMINS"]

# Here messages about keys come at any hour, since the clock is moved by hand, and managers read what keys cost.
[care]
quiet_hours = false
weekly      = true

[[rules]]
name  = "security pulls the plug"
who   = ["security", "admin"]
do    = ["key.disable", "key.enable", "key.rotate", "key.list", "key.show", "request.list", "audit.read"]
on    = "any"
allow = true

[[rules]]
name = "no eternal unlimited keys"
who  = ["*"]
do   = ["key.create"]
when = { unlimited_quota = true, lifetime_over = "365d" }
deny = "Unlimited keys must expire within a year."

[[rules]]
name  = "small keys are free"
who   = ["engineer"]
do    = ["key.create"]
when  = { remain_quota_at_most = 500_000, lifetime_at_most = "90d", unlimited_quota = false }
allow = true

[[rules]]
name  = "small top-ups are free"
who   = ["engineer"]
do    = ["key.quota"]
when  = { increase_at_most = 100_000, unlimited_quota = false }
allow = true

[[rules]]
name  = "small allowances are free"
who   = ["engineer"]
do    = ["key.allowance"]
when  = { allowance_at_most = "$5", per = "30d" }
allow = true

# Money without an end: first a manager, then security.
[[rules]]
name     = "unlimited keys need two signatures"
who      = ["engineer", "manager"]
do       = ["key.create", "key.quota", "key.update"]
when     = { unlimited_quota = true }
approval = { stages = [{ from = ["manager"] }, { from = ["security"] }], expires = "3d", remind = "4h" }

[[rules]]
name  = "what a budget holds is free"
who   = ["engineer"]
do    = ["key.create", "key.quota"]
when  = { within_budget = true, unlimited_quota = false }
allow = true

[[rules]]
name     = "a manager decides about budgets"
who      = ["engineer", "manager"]
do       = ["budget.change"]
on       = "any"
approval = { from = ["manager"], count = 1, expires = "3d", remind = "4h" }

[[rules]]
name     = "a manager decides the rest"
who      = ["engineer", "manager"]
do       = ["key.create", "key.quota", "key.update", "key.allowance"]
approval = { from = ["manager"], count = 1, expires = "3d", remind = "4h" }

[[rules]]
name  = "managers see everything"
who   = ["manager", "admin"]
do    = ["key.list", "key.show", "request.list", "usage.read"]
on    = "any"
allow = true

[[rules]]
name  = "own keys are one's own business"
who   = ["engineer", "manager", "security", "admin"]
do    = [
  "key.disable", "key.end", "key.enable", "key.rotate", "key.delete", "key.transfer", "key.reveal", "key.list",
  "key.show", "request.list", "policy.explain", "usage.read",
]
allow = true

# A key that was made in the gateway's console, or whose owner has left, gets an owner. Named in full: "key.*" does not
# give it.
[[rules]]
name  = "managers and administrators find owners for keys"
who   = ["manager", "admin"]
do    = ["key.adopt", "key.transfer"]
on    = "any"
allow = true

# What somebody changed in the gateway's console is put back with a second person.
[[rules]]
name     = "keys are put back with security"
who      = ["admin"]
do       = ["key.update", "key.quota"]
on       = "any"
approval = { from = ["security"], expires = "1d", remind = "1h" }

# A key that was disabled from an alert, in an incident or by somebody else is locked.
[[rules]]
name  = "security brings locked keys back"
who   = ["security", "admin"]
do    = ["key.unlock"]
on    = "any"
allow = true

[[rules]]
name     = "security decides about locked keys"
who      = ["engineer", "manager"]
do       = ["key.unlock"]
approval = { from = ["security", "admin"], expires = "1d", remind = "1h" }

# Usual wishes: buttons in the form for a new key.
[[templates]]
name  = "ci"
words = { en = "CI for a week", zh-Hant = "CI 用一週", zh-Hans = "CI 用一周", ar = "CI لأسبوع" }

[templates.fields]
remain_quota = "$1"
expired_time = "7d"
model_limits = ["gpt-4o-mini"]

[[templates]]
name  = "load test"
words = { en = "Load test", zh-Hant = "負載測試", zh-Hans = "负载测试", ar = "اختبار التحمّل" }

[templates.fields]
remain_quota = "$20"
expired_time = "30d"
reason       = { en = "Load test", zh-Hant = "負載測試", zh-Hans = "负载测试", ar = "اختبار التحمّل" }
"""


ON_CALL_SCHEDULE = "P0SECUR"
# In PagerDuty Sam and Alex take turns; the third has left, and Slack knows nobody by that address.
PAGERDUTY_SAM = PagerDutyUser(id="PU0SAM", name="Sam Okafor", email="sam@example.com")
PAGERDUTY_ALEX = PagerDutyUser(id="PU0ALEX", name="Alex Kim", email="alex@example.com")
PAGERDUTY_STRANGER = PagerDutyUser(id="PU0ZOE", name="Zoe Former", email="zoe@example.com")
_ON_CALL_ROLE = f"""\
[roles.oncall]
members  = ["pagerduty:{ON_CALL_SCHEDULE}"]
fallback = ["security"]

"""


def with_on_call(policy: str) -> str:
    """The same policy in which an alert calls whoever is on call first."""
    rule = 'name  = "security pulls the plug"\nwho   = ['
    return policy.replace("# Here messages", _ON_CALL_ROLE + "# Here messages", 1).replace(rule, f'{rule}"oncall", ', 1)


def workspace() -> Workspace:
    """The little company: Ada and Ben build, Mira and Omar manage, Sam keeps things safe, Alex runs it all."""
    people = [
        Person(id=ENGINEER, name="ada", real_name="Ada Byron", title="Engineer"),
        Person(id=SECOND_ENGINEER, name="ben", real_name="Ben Adler", title="Engineer"),
        Person(id=MANAGER, name="mira", real_name="Mira Santos", title="Manager"),
        Person(id=SECOND_MANAGER, name="omar", real_name="Omar Haddad", title="Manager"),
        Person(id=ARABIC_ENGINEER, name="nour", real_name="نور الخطيب", title="Engineer, reads Arabic", locale="ar-SA"),
        Person(id=CHINESE_MANAGER, name="yating", real_name="林雅婷", title="Manager, reads Chinese", locale="zh-TW"),
        Person(id=SECURITY, name="sam", real_name="Sam Okafor", title="Security"),
        Person(id=ADMIN, name="alex", real_name="Alex Kim", title="Administrator", kind=PersonKind.ADMIN),
        Person(id=GUEST, name="gil", real_name="Gil Guest", title="Contractor", kind=PersonKind.GUEST),
        Person(
            id=OUTSIDER,
            name="olga",
            real_name="Olga Outside",
            title="Partner Inc.",
            kind=PersonKind.OUTSIDER,
            team_id="T0PARTNER",
        ),
        Person(
            id=DEACTIVATED, name="dora", real_name="Dora Gone", title="Left last month", kind=PersonKind.DEACTIVATED
        ),
        # The other app that posts into #general (“Send an alert”, FakeSlack's post_as_app).
        Person(id="U0OTHERBOT", name="deploy", real_name="Deploy", kind=PersonKind.BOT),
        Person(id=BOT_USER, name="keydesk", real_name="Keydesk", kind=PersonKind.BOT),
    ]
    groups = [
        UserGroup(
            id="S0ENGINEERS", handle="engineers", name="Engineers", users=[ENGINEER, SECOND_ENGINEER, ARABIC_ENGINEER]
        ),
        UserGroup(
            id="S0MANAGERS", handle="managers", name="Managers", users=[MANAGER, SECOND_MANAGER, CHINESE_MANAGER]
        ),
        UserGroup(id="S0SECURITY", handle="security", name="Security", users=[SECURITY]),
        UserGroup(id="S0ADMINS", handle="admins", name="Administrators", users=[ADMIN]),
    ]
    members = [
        *(ENGINEER, SECOND_ENGINEER, ARABIC_ENGINEER, MANAGER, SECOND_MANAGER, CHINESE_MANAGER),
        *(SECURITY, ADMIN, BOT_USER),
    ]
    channels = [
        Channel(
            id=KEYS_CHANNEL, name="api-keys", members=[*members, GUEST], topic="Requests for API keys and their answers"
        ),
        Channel(id=SECURITY_CHANNEL, name="security", members=[SECURITY, ADMIN, MANAGER, BOT_USER], topic="Alerts"),
        Channel(id=GENERAL_CHANNEL, name="general", members=[*members, GUEST], topic="Everything else"),
        Channel(
            id="C0PARTNER",
            name="partner-inc",
            members=[ENGINEER, MANAGER, OUTSIDER, BOT_USER],
            is_ext_shared=True,
            topic="Shared with Partner Inc.",
        ),
    ]
    return Workspace(team=Team(id=TEAM, name="Lighthouse Labs"), people=people, groups=groups, channels=channels)


def own_keys(c: sa.Connection, gateway: FakeGateway, block: int = 0) -> None:
    """Who owns the keys that were there before: Ada the notebooks, Ben the CI runner, nobody the production key.

    `block`: of the gateway's numbers inside Keydesk.
    """
    owner_of = {"notebooks": ENGINEER, "ci-runner": SECOND_ENGINEER, "checkout": ENGINEER}
    records = gateway.keys()
    for record in records:
        if record.name in owner_of:
            owner = owner_of[record.name]
            created = float(record.created_time)
            owners.own(
                c,
                owners.OwnedKey(
                    key_id=KeyNumbers(block=block).inside(record.id),
                    name=record.name,
                    owner_id=owner,
                    owner_team=TEAM,
                    request_id=None,
                    created_at=created,
                ),
            )


def fill_gateway(gateway: FakeGateway) -> None:
    """Keys that somebody made in the console before Keydesk came."""
    now = int(gateway.clock.now())
    made = now - 60 * 86_400
    gateway.add_key(name="production", unlimited_quota=True, remain_quota=0, group="default", created_time=made)
    gateway.add_key(
        name="ci-runner",
        remain_quota=1_250_000,
        allow_ips="198.51.100.10\n203.0.113.0/24",
        expired_time=now + 40 * 86_400,
        created_time=made,
    )
    gateway.add_key(
        name="notebooks",
        remain_quota=80_000,
        created_time=made,
        model_limits_enabled=True,
        model_limits="gpt-4o-mini,claude-sonnet-4",
    )


def fill_second_gateway(gateway: FakeGateway) -> None:
    """Keys of the second account: Ada's checkout, and one that nobody owns."""
    made = int(gateway.clock.now()) - 30 * 86_400
    gateway.add_key(name="checkout", remain_quota=3_000_000, created_time=made)
    gateway.add_key(name="batch-jobs", unlimited_quota=True, remain_quota=0, created_time=made)


def with_second_gateway(policy: str, *, url: str) -> str:
    """The same policy with the second account in it."""
    return f"""{policy}
# A second account. Its access token is in the environment variable named here.
[gateways.prod]
base_url     = "{url}"
access_token = "{SECOND_GATEWAY}"
user_id      = 2
"""
