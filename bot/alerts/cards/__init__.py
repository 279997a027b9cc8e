"""What people see of an alert.

card           the card in the security channel
headline       its first sentence
key_blocks     one key on it: facts, steps, what was seen since
key_state      the questions the views ask of the rows: out of use, enabled again, still open
origin         where an alert came from
sightings      later alerts about the keys of a card
notices        the answer in the thread, the message to the owner
modal          the window of an alert, with the choice of keys
unknown        the alerts of one minute that name no key of this account
drawers        draws them from the rows
notifications  which of these messages an alert wants, and when
"""
