"""From an alert to a dead key: it came in (intake), keys were found (detection), it was acted on (response).

Knows no feature; what it changes at the gateway goes through the flow.

    intake/     the endpoint, signatures, the sources, messages in our channels
    detection/  the scanner, fingerprints and the index of the account's keys
    cards/      what people see
    models      an alert as a value
    store       its only SQL
    tables      the tables behind it
    sightings   one card per leaked key: which alert's card shows it, and the later alerts about it
    closure     a false alarm, or none of ours
    ingest      what came in → a stored alert, within milliseconds
    triage      the job behind a new alert: fetch, match, read the keys, act where the policy says so
    response    from an order to a dead key: the request and how it stands
    call_times  when security is called, and which roles
    calls       security is called until somebody acts
    all_keys    the button that lists every key of an alert
    listeners   the buttons and the message shortcut
    revocation_time  how long it took from the order to the refusal, for the metrics
    bootstrap   makes all of these and names their ways in; called by services.py

A key's value is in memory for as long as it is looked at (detection/leaked_values), and nowhere else.
"""
