"""Anomalies: the owner of a key that spends far more than it usually does is told at once, and so is security.

*Disable now* and *It is me*, which is silence about this key for a day. One message as long as it lasts.

buttons    what may be answered
judgement  whether the pace of a key is unusual. Pure
messages   how security is told; the owner's message is drawn like the others
rounds     looks at the keys that moved, after each list of all keys
store      a row per key that moved lately
tables     how it looks in the database
"""
