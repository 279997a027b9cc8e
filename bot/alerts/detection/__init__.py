"""How keys are found in what came in.

text_extraction  every text inside a message or a JSON body
long_text        reads long texts beside the event loop
scanner          text → strings that may be keys, bounded
fingerprints     a key's value → a keyed fingerprint that can be stored
key_index        fingerprints and hints in memory: whose key is this
index_sync       fills the index in the background and keeps it up to date
shared_look      one look for all who ask at once
leaked_values    values that alerts brought, in memory for some minutes, for the revocation check
"""
