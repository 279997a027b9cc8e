"""The Slack edge: payloads in, cards out. It knows people, messages and modals, and no feature.

transport (HTTP, Socket Mode) → delivery → router → a feature's handler → an answer
outbox: a row that wants to be a message → one Slack message, redrawn when its subject changes

Start with delivery.py (what Slack sent, what we answer), then router.py.
"""
