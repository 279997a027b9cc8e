"""The spine: submit → decide → run → confirm, the same for every operation. Read flow.py first.

flow         judges what somebody asks for and stores it      models, store   the row, its statuses, its SQL
actions      what people do to a waiting request              request_audit   one line in the record per fact
timers       reminders, escalation, lapse                     write_locks     one writer per key, across replicas
announcement  what follows the answer: record, timers, card
granted      stores a request that needs no person        verified_write  one guarded write, read back
execution    the durable run of an approved request           recheck         today's rules, just before the run
key_locks    what only key.unlock brings back              lock_watch      locked keys enabled past Keydesk
record_check  do the rows agree with the record?
ledger       what was granted to whom, counted            narrowed        an offer may only shrink what was asked
cards/       messages and buttons      revocation/  is a disabled key dead?      rotation/  its end, its line
copies       a key that the gateway made twice         overtaken       what a batch did already is decided by nobody
conflicts    what somebody is told who comes second
budgets      what is left of budgets, and when their periods begin
counts       the numbers rules compare, for all who judge
bootstrap    builds all of it, in order
acceptance   the new owner of a key says yes or no
allowance_rows  what settled requests mean for allowances   refills   a granted request per refill
owner_rows   what a success means for the rows of owners
ownership    whose a key is, and who somebody is, for looks and runs
approver_check  can anybody approve a waiting request?      calls  who is called to decide it, and how
"""
