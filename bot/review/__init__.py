"""Reviews of keys: whoever decides what a person asks for looks at that person's keys, and says whether they stay.

A review begins when `keydesk review start` or the policy asks for it. It chooses the keys that have a reason to be
looked at, puts them before those who decide, reminds them, and disables on day 15 what nobody decided about; that can
be undone for 14 days. What was decided by whom is exported as a signed file.

models         a review, its cards and keys, as values
judgement      which keys have a reason, what *Shrink* leaves, what is due when. Pure
selection      chooses the keys, and who decides about each
rounds         carries a review on, from its beginning to its end
decisions      what people decide, what silence does, and what takes it back
notifications  which messages are wanted
cards          the card, the window, reminders and messages to owners
key_blocks     one key with its buttons
listeners      the buttons
evidence       the signed file of what was decided, and its check
store          every SQL of it
tables         how it looks in the database
bootstrap      makes all of it
"""
