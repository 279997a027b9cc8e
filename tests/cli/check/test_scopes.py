"""The scopes that Keydesk needs, and what does not work without one."""

from bot.cli.check.scopes import ALWAYS, EVENTS, METHODS, needed, used_by


def test_every_scope_of_a_method_or_an_event_is_needed() -> None:
    found = needed()
    assert found >= {*ALWAYS, "chat:write", "users:read", "usergroups:read"}
    assert all(set(scopes) <= found for scopes in (*METHODS.values(), *EVENTS.values()))


def test_what_a_missing_scope_costs() -> None:
    assert used_by(["im:write"]) == ["conversations.open"]
    assert used_by(["channels:history"]) == ["conversations.history", "conversations.replies"]
    assert used_by([]) == []
