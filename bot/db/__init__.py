"""One database: SQLite by default, PostgreSQL for several replicas. Knows tables, transactions and migrations, and no flow."""
