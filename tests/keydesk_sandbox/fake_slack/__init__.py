"""The fake Slack, rule by rule of the contract (section G)."""
