"""Attacks: what people, not machines, try, over the real wire. docs/security.md names each threat and its tests.

Money in test_money_*, keys that must stay dead in test_locked_keys, secrets in test_no_text_holds_a_secret, texts in
test_typed_text_is_inert, probing in test_who_sees_what. Shared: tricks (ways to write a secret), lines (sums of a line
of keys), and the desks of tests/scenarios.
"""
