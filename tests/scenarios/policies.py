"""Policies for scenarios, shorter than the sandbox's."""

ROLES = """
[roles]
engineer = ["S0ENGINEERS"]
manager  = ["S0MANAGERS"]
security = ["S0SECURITY"]
"""

# Engineers do all they like with keys of their own.
FREE = (
    ROLES
    + """
[[rules]]
name  = "all is free"
who   = ["engineer"]
do    = ["key.create", "key.update", "key.reveal", "key.list", "key.show"]
allow = true
"""
)


def asking(terms: str) -> str:
    """Everything needs an approval on these terms."""
    return f"""{ROLES}
[[rules]]
name     = "somebody decides"
who      = ["engineer", "manager"]
do       = ["key.create", "key.update"]
approval = {{ {terms} }}
"""
