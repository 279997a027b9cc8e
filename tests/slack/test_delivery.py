from tests.slack import kit


def test_the_repr_does_not_show_what_was_typed() -> None:
    assert "hunter2" not in repr(kit.read(kit.command("new", channel_name="hunter2")))
