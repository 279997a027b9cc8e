"""Keydesk: the key desk of a Slack workspace.

A Slack payload comes in at `slack`, a feature turns it into a typed input, `permissions` decides,
`approvals` stores the request, `durable` runs it through `gateway`, reads it back, and `slack` posts
what is true. Data flows one way; every change to the gateway is a stored row before it is a call.

    __main__, cli → app → services → resources → gateway_accounts → alerts, features, incident, review → care
        → deps, fallback_notices, health, maintenance, strangers, webhooks → policy_announcements → approvals → keys
        → operations, slack, known_capabilities, policy_file → audit, durable
        → db, gateway, oncall, permissions → logs, manifest, periods, proxies, telemetry, units, web_addresses
        → redaction → languages, typed_text → all_settled, errors, late_imports, root_certificates, scoped

Only those who build things see `settings`. The sandbox, `keydesk_sandbox`, is a package of its own; only the command
line starts it.

The arrows are a contract: `make check` holds the imports against it.
"""

__version__ = "0.2.0"
