"""Leavers: somebody's account is deactivated in Slack, and their keys go on working.

Slack's event and a daily look at the list of all people (an event may be missed) find them; before anything is said or
done Slack is asked about each by itself. Their keys are shown to security and to whoever decides about them, each to be
taken over or disabled; after a day those that nobody took over are disabled, and locked. Who comes back before that
stops the clock.

departures  what happens to the keys of one person: told, given time, disabled
messages    how it is said
roll_call   the daily look, and the question when suddenly too many are gone
store       a row per departure and one per key
tables      how it looks in the database
"""
