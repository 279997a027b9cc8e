"""The local Slack and gateway, and the page that shows both. Nothing imports this room except tests and the command line."""
