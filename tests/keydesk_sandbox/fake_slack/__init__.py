"""The fake Slack, rule by rule of slack.md G."""
