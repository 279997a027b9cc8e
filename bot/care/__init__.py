"""Care: owners hear of a key before it stops working, once per crossing, with the button that mends it.

After each list of all keys every living key that has an owner is judged by the inventory. What was told of a key is in
its row, and is changed by a compare-and-set in the transaction that wants the message: so a repeated pass, a crash and
a second replica tell nothing twice. What must wait for the morning is not written down, and judged again.

Every kind of care is wired in bootstrap.py. The modules below are of what owners are told; the other kinds have folders
or modules of their own.

anomaly/        unusual spending: told at once
bootstrap       every kind: what draws its messages, what makes it
days            how much each person was told today
deciders        who decides about keys that nobody asked for here, and whether a card mentions them
decision_words  how the cards say it
drift/          keys that were changed outside Keydesk: accepted or put back
forecasts       when keys run dry at their pace, which is computed once a day
idle/           keys that nobody pays for any more: a question, and what silence does
leavers/        keys of people who have left: shown, taken over or disabled
judgement       what of a key has crossed which mark, and what was told of it. Pure
key_rows        rows of care, one per key, changed by a compare-and-set
kind            what a kind is, and what one is made of
mended          whether what was told is over, and why. Pure
messages        how it is said, with which buttons
notice          one crossing: what is told, and what came of it. Pure
notice_text     its words
open_notices    what somebody has not answered yet, for their Home
owner_messages  who is told what, and when
refills         begins what allowances are due
requests        what a click on a message asks for, and what `[care]` does without a person
rights          who may answer for keys that nobody answers for
rounds          goes through all keys after each list of them
schedule        makes a round of every kind after each list of all keys
store           a row per key
tables          how it looks in the database
undecided       what waits for a decision, on the Home of those who decide
unknown_keys/   keys that were made outside Keydesk: adopted, disabled or ignored
told            what stands in which message, so that it says when there is nothing left to do
weekly/         a card on Monday morning for whoever decides requests
"""
