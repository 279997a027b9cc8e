"""The local Slack and gateway, and the page that shows both. Imported by tests and the command line only."""
