"""Unknown keys: made in the gateway's console, so nobody asked for them here and nobody owns them.

After each list of all keys the new ones are told in the security channel, each once, to be adopted, disabled or
ignored; what is ignored is remembered by number and birth. Those that were there before the first round are no news:
one message says how many they are. A key that a request of ours is just making is not unknown.

messages  how it is said
rounds    finds them and tells them, few at a time
store     a row per key
tables    how it looks in the database
"""
