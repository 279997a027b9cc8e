"""The policy of the crash tests: small keys, and what a budget holds, at once; larger ones with an approval; all else free.

`SMALL` and `BIG` are what people type into the form of either.
"""

POLICY = """
[roles]
engineer = ["S0ENGINEERS"]
manager  = ["S0MANAGERS"]
security = ["S0SECURITY"]

[[rules]]
name  = "security pulls the plug"
who   = ["security"]
do    = ["key.disable"]
on    = "any"
allow = true

[[rules]]
name  = "small keys are free"
who   = ["engineer"]
do    = ["key.create"]
when  = { remain_quota_at_most = 500_000, unlimited_quota = false }
allow = true

[[rules]]
name  = "what a budget holds is free"
who   = ["engineer"]
do    = ["key.create"]
when  = { within_budget = true, unlimited_quota = false }
allow = true

[[rules]]
name     = "a manager decides the rest"
who      = ["engineer"]
do       = ["key.create", "budget.change"]
on       = "any"
approval = { from = ["manager"], count = 1, expires = "3d" }

[[rules]]
name  = "own keys are one's own business"
who   = ["engineer"]
do    = [
  "key.update", "key.quota", "key.disable", "key.enable", "key.rotate", "key.delete", "key.reveal", "key.list",
  "key.show", "request.list",
]
allow = true
"""

SMALL = {"name": "small", "remain_quota": "100k", "expired_time": "30d", "reason": "to test"}
BIG = {**SMALL, "name": "big", "remain_quota": "2M"}
