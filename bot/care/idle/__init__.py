"""Idle keys: the owner of a key that nobody pays for any more is asked whether it is needed; silence disables it.

*Keep* asks again after the same time. Without an answer the key is disabled, never deleted, and one click takes that
back for 30 days. A key that comes to life is no longer asked about.

buttons    *Keep* and *Enable again*
judgement  whether a key is idle, and where the question about it stands. Pure
orders     disables what nobody answered for, and follows what became of it
store      a row per key that was ever asked about
tables     how it looks in the database
watch      since when keys have been looked at without a gap
"""
