"""One database: SQLite by default, PostgreSQL for several replicas. Knows tables and transactions, no flow.

answering      whether work is part of an answer that a person waits for
driver_reason  what a database driver says of a failure
engine         opens the database and runs plain sync functions in transactions
group_commit   commits together what waits together
leases         the right of one process to work at one thing, for some seconds
migrate        brings the schema up to date
migrations/    numbered steps of the schema, applied in order, each once
named_values   small facts by name, kept over a restart
postgres       waiting for PostgreSQL, and the cursor of our connections to it
process_lock   one process per SQLite file
safe_types     column types that let no secret into the database
sqlite         SQLite connections that queue up for the write lock
transaction    one transaction and what goes with it
"""
