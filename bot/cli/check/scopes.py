"""What our code asks of Slack: each Web API method that it calls, with the scopes for it (slack.md B).

tests/test_manifest.py finds every method in the code and compares; add a line here when you call a new one.
"""

from collections.abc import Iterable, Mapping

# Every one of the scopes: in which kind of channel we are is the operator's choice.
METHODS: Mapping[str, tuple[str, ...]] = {
    "auth.teams.list": (),
    "auth.test": (),
    "blocks.validate": (),
    "bots.info": ("users:read",),
    "chat.delete": ("chat:write",),
    "chat.postEphemeral": ("chat:write",),
    "chat.postMessage": ("chat:write",),
    "chat.update": ("chat:write",),
    "conversations.history": ("channels:history", "groups:history", "im:history"),
    "conversations.info": ("channels:read", "groups:read"),
    "conversations.open": ("im:write",),
    "conversations.replies": ("channels:history", "groups:history", "im:history"),
    "usergroups.users.list": ("usergroups:read",),
    "users.info": ("users:read",),
    "users.list": ("users:read",),
    "users.lookupByEmail": ("users:read.email",),
    "views.open": (),
    "views.publish": (),
    "views.push": (),
    "views.update": (),
}
# What only schedules need: an app that was installed before there were any goes on without it.
ON_CALL = frozenset({"users:read.email"})
# Slash command and shortcuts.
ALWAYS = ("commands",)

EVENTS: Mapping[str, tuple[str, ...]] = {
    "app_home_opened": (),
    "channel_unarchive": ("channels:read",),
    "group_unarchive": ("groups:read",),
    "member_joined_channel": ("channels:read", "groups:read"),
    "message.channels": ("channels:history",),
    "message.groups": ("groups:history",),
    "subteam_created": ("usergroups:read",),
    "subteam_members_changed": ("usergroups:read",),
    "subteam_updated": ("usergroups:read",),
    "team_join": ("users:read",),
    "user_change": ("users:read",),
}


def needed(*, on_call: bool = True) -> frozenset[str]:
    """Every bot scope that Keydesk needs. `on_call`: the policy has schedules, whose people are found by e-mail."""
    return frozenset(ALWAYS).union(*METHODS.values(), *EVENTS.values()) - (frozenset() if on_call else ON_CALL)


def used_by(missing: Iterable[str]) -> list[str]:
    """Which methods do not work without these scopes."""
    lacking = set(missing)
    return [method for method, scopes in METHODS.items() if lacking & set(scopes)]
