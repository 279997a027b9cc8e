"""One database: SQLite by default, PostgreSQL for several replicas. Knows tables and transactions, no flow."""
