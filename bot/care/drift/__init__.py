"""Drift: somebody changed a key outside Keydesk, such as its quota in the gateway's console.

Two readings of a key that differ, between which nothing here wrote it, are a change that nobody asked for here. It is
told once in the security channel, however many changes follow, until somebody accepts it or has it put back.

answers     the buttons
comparison  what two readings of a key tell. Pure
messages    how it is said
rounds      compares every key that was read anew after each list of all keys
store       a row per key
tables      how it looks in the database
"""
