"""What people see of an alert.

card           the card in the security channel
key_blocks     one key on it: facts, steps, what was seen since
key_state      the questions the views ask of the rows: out of use, enabled again, still open
notices        the answer in the thread, the message to the owner
modal          the window of an alert, with the choice of keys
unknown        the alerts of one minute that name no key of this account
drawers        draws them from the rows
notifications  which of these messages an alert wants, and when
"""
