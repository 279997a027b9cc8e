"""Care: owners hear of a key before it stops working, once per crossing, with the button that mends it.

After each list of all keys every living key that has an owner is judged by the inventory. What was told of a key is in
its row, and is changed by a compare-and-set in the transaction that wants the message: so a repeated pass, a crash and
a second replica tell nothing twice. What must wait for the morning is not written down, and judged again.

The rooms below are of expiry and quota; every other kind of care is modules of its own, wired in bootstrap.py.

bootstrap  every kind: what draws its messages, what makes it
kind       what a kind is, and what one is made of
requests   what a click on a message asks for, and what `[care]` does without a person
schedule   makes a round of every kind after each list of all keys
judgement  what of a key has crossed which mark, and what was told of it. Pure
messages   how it is said
rounds     goes through all keys after each list of them, and tells their owners
store      a row per key
tables     how it looks in the database
"""
