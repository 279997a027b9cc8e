"""What is known of keys: owners, the inventory of the gateway, look-up, visibility, and their words.

account           the accounts this database is about, one for each gateway
account_history   what the account had and spent over time
account_offer     what one account of one gateway offers, remembered for a while
access            what a person may do with a key and whether they may see it
allowances        what keys are refilled with, once per period
budgets           what all keys of a person or a role may be given per period
budget_text       the same in words
gateway_blocks    which block of numbers the keys of each gateway have
inventory         what the gateways offer, remembered for a while
inventory_store   a row per key of the account as it was last read, with its history
inventory_writer  writes down every record that anybody reads
key_query         which keys of a list are looked for, and in which order
known_keys        what people are shown of keys: the inventory with its age
lineage           keys that replaced one another in rotations
list_pass         the list of all keys of a gateway, page by page, and what is gone from it
locks             which keys are locked, and why
lookup            which key is meant
prices            what models cost, in people's words
reference         how people write a KEY: its number, `#` and its number, its name, or its name in quotation marks
remembered        one answer of the gateway, kept while it is usable
samples           how the counters of a key moved, packed into a few bytes
spending          what was spent, the pace, and when a key runs dry
spending_text     what a key spent, in a sentence
text              the fields of a key in people's words
"""
