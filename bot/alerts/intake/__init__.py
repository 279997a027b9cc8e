"""How alerts come in.

endpoint         POST /alerts/{source}: proof, size, answer
signatures       is this delivery from who it says (signatures, tokens)
sources          the body of each source → one form
github           the one call that fetches a leaked secret from GitHub
message_monitor  messages in our channels that hold a live key
"""
