"""From an alert to a dead key. Knows no feature; what it changes at the gateway goes through the flow or a batch.

    candidates    text → strings that may be keys, bounded
    fingerprints  a key's value → a keyed fingerprint that can be stored
    index         fingerprints and hints in memory: whose key is this
    indexing      fills the index in the background and keeps it up to date
    proofs        is this request from who it says (signatures, tokens)
    sources       the body of each source → one form
    intake        POST /alerts/{source}
    github_api    the one call that fetches a leaked secret from GitHub
    models, store the alert as a value, its SQL
    views         the card, the thread, the word to the owner, the window
    looking       the job behind a new alert: fetch, match, look at the keys, act where the policy says so
    killing       from a click to a dead key: the request, its steps on the card, the proof
    listeners     the buttons and the message shortcut
    guard         messages in channels that hold a live key
    batches       incident mode: many keys at once
    room          makes all of these and names their ways in; built by app.py

A key's value is in memory for as long as it is looked at (held.py: some minutes, for the proof), and nowhere else.
"""
