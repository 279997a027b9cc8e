"""Incident mode: many keys disabled or enabled at once. Knows nothing of alerts and of no feature.

scope             the words of the command → which keys are meant
selection         those keys, read; what a gateway does not tell is named
listeners         the preview, its typed confirmation, *Stop* and *Take back*
preview           what a batch would do, and its typed confirmation
views             how the rest of that looks
models, store     a batch and its keys as values, and their SQL
tables            the tables behind them
judgement         what the policy says of one key
admission         which keys of a round may still be written, with what rules count
execution         the durable job: a hundred keys a round, each judged, written and read back with the others
pace              how many keys a round has, and how long the gateway's limit makes the rest take
revocation_check  each disabled key is tried itself until the gateway refuses it
bootstrap         makes all of these; called by services.py
"""
