"""What people see of an alert.

card           the card in the security channel
call_lines     who is called, when next, and what ends it: on the card, in the messages that call, on the Home
closing        not ours, and false alarm: the two ways to close an alert without touching a key
all_keys       the window that lists every key of an alert
headline       its first sentence
key_blocks     one key on it: facts, steps, what was seen since
key_state      the questions the views ask of the rows: out of use, enabled again, still open
standing       which keys work and which are being stopped: asked by all that speak of it
origin         where an alert came from
sightings      later alerts about the keys of a card
notices        the answer in the thread, the message to the owner
modal          the window of an alert, with the choice of keys
unknown        the alerts of one minute that name no key of this account
drawers        draws them from the rows
notifications  which of these messages an alert wants, and when
"""
