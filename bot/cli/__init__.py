"""The sub-commands of `keydesk`, as plain functions: parsed arguments in, text to a stream, exit code out.

They know nothing of argparse and of the environment; `__main__` wires both.

    audit               `keydesk audit export | verify`
    backup              `keydesk backup` and `keydesk restore`
    check/              `keydesk check`
    env_example         the text of .env.example, made from the Settings model
    http_protocol       uvicorn's HTTP protocol with a time limit for receiving a request, and a limit for connections
    metrics_server      serves /metrics and the details of readiness on a port of its own
    lookups             asks Slack and the gateway for the policy commands
    on_call             asks PagerDuty who is on call in the schedules of a policy
    policy              `keydesk policy lint | explain | test | replay`
    policy_commands     arguments of `keydesk policy …`, and what they are given to work with
    read_only_database  opens the database for commands that only look, so that they work while `serve` runs
    reference           the pages of docs/reference that are made from the code
    request_history     past requests out of the rows, for `policy replay`
    review              `keydesk review start | status | export | verify`
    review_commands     arguments of `keydesk review …`, and what they are given to work with
    server              `serve` and `work`
    stop_deadline       ends a process that was told to stop and hangs
"""
