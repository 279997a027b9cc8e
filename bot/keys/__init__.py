"""What is known of keys: owners, the inventory of the gateway, look-up, visibility, and their words.

account    the one account this database is about
access     what a person may do with a key and whether they may see it
lineage    keys that replaced one another in rotations
locks      which keys are locked, and why
lookup     which key is meant
reference  how people write a KEY: its number, `#` and its number, its name, or its name in quotation marks
text       the fields of a key in people's words
"""
