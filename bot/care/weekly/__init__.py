"""The weekly card: on Monday morning whoever decides requests reads what the keys of these people cost.

Off unless the policy says `weekly = true`, and only where there is something to say.

messages  how it is said
report    what keys cost in a week, added up. Pure
rounds    whose Monday morning it is, and whose keys they decide about
store     who had this week's card
tables    how it looks in the database
"""
