"""Signed requests as bytes, ready to be sent."""

import hashlib
import hmac
import json
import time
from urllib.parse import urlencode

SECRET = "0123456789abcdef0123456789abcdef"
TEAM, USER, CHANNEL = "T0SANDBOX", "U0ADA", "C0KEYS"


def request(body: str, *, port: int) -> bytes:
    """One signed HTTP request."""
    at = str(int(time.time()))
    signature = hmac.new(SECRET.encode(), f"v0:{at}:{body}".encode(), hashlib.sha256).hexdigest()
    return (
        f"POST /slack/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
        f"X-Slack-Request-Timestamp: {at}\r\nX-Slack-Signature: v0={signature}\r\n\r\n{body}"
    ).encode()


def command(text: str, *, port: int, number: int = 0) -> bytes:
    """A slash command; `number` makes its trigger id its own."""
    fields = {
        "token": "x",
        "team_id": TEAM,
        "team_domain": "bench",
        "channel_id": CHANNEL,
        "channel_name": "bench",
        "user_id": USER,
        "user_name": "ada",
        "command": "/apikey",
        "text": text,
        "api_app_id": "A0KEYDESK",
        "is_enterprise_install": "false",
        "response_url": f"http://127.0.0.1:{port}/nowhere",
        "trigger_id": f"1.{number}",
    }
    return request(urlencode(fields), port=port)


def submission(number: int, *, port: int) -> bytes:
    """The form for a new key that needs an approval, filled in, of a view of its own."""
    values = {
        "name": {"value": {"type": "plain_text_input", "value": f"bench-{number}"}},
        "remain_quota": {"value": {"type": "plain_text_input", "value": "2M"}},
        "unlimited_quota": {"value": {"type": "checkboxes", "selected_options": []}},
        "expired_time": {"value": {"type": "static_select", "selected_option": {"value": "30d"}}},
        "model_limits": {"value": {"type": "multi_external_select", "selected_options": []}},
        "allow_ips": {"value": {"type": "plain_text_input", "value": None}},
        "group": {"value": {"type": "external_select", "selected_option": None}},
        "cross_group_retry": {"value": {"type": "checkboxes", "selected_options": []}},
        "reason": {"value": {"type": "plain_text_input", "value": "to measure"}},
    }
    blocks = [
        {"type": "input", "block_id": name, "label": {"type": "plain_text", "text": name}, "element": {}}
        for name in values
    ]
    view = {
        "id": f"V{number}",
        "team_id": TEAM,
        "type": "modal",
        "callback_id": "key.create",
        "private_metadata": CHANNEL,
        "hash": "1.a",
        "blocks": blocks,
        "state": {"values": values},
        "app_installed_team_id": TEAM,
    }
    user = {"id": USER, "username": "ada", "name": "ada", "team_id": TEAM}
    payload = {
        "type": "view_submission",
        "team": {"id": TEAM, "domain": "bench"},
        "user": user,
        "api_app_id": "A0KEYDESK",
        "trigger_id": f"2.{number}",
        "view": view,
        "response_urls": [],
        "is_enterprise_install": False,
    }
    return request(urlencode({"payload": json.dumps(payload)}), port=port)
