"""The example of a .env file is made from the settings: each is named and described, required ones are to fill in."""

from bot.cli.env_example import env_example
from bot.settings import Settings


def test_every_setting_stands_below_its_description() -> None:
    text = env_example()
    for field in Settings.model_fields.values():
        assert f"# {field.description}\n" in text
        assert f"{field.alias}=" in text


def test_required_settings_are_to_fill_in_and_others_are_commented_out_with_their_default() -> None:
    lines = env_example().splitlines()
    assert "SLACK_BOT_TOKEN=" in lines
    assert "# PORT=3000" in lines
    assert "# SLACK_APP_TOKEN=" in lines
