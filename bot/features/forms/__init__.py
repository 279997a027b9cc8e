"""What forms of several features share: fields, lists of addresses, the form on one key or about its owner, preview,
submission.
"""
