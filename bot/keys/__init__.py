"""What is known of keys: owners, the inventory of the gateway, look-up, visibility, and their words.

account           the one account this database is about
account_history   what the account had and spent over time
access            what a person may do with a key and whether they may see it
allowances        what keys are refilled with, once per period
inventory         what the gateway offers, remembered for a while
inventory_store   a row per key of the account as it was last read, with its history
inventory_writer  writes down every record that anybody reads
key_query         which keys of a list are looked for, and in which order
known_keys        what people are shown of keys: the inventory with its age
lineage           keys that replaced one another in rotations
list_pass         the list of all keys, page by page, and what is gone from it
locks             which keys are locked, and why
lookup            which key is meant
prices            what models cost, in people's words
reference         how people write a KEY: its number, `#` and its number, its name, or its name in quotation marks
samples           how the counters of a key moved, packed into a few bytes
spending          what was spent, the pace, and when a key runs dry
spending_text     what a key spent, in a sentence
text              the fields of a key in people's words
"""
