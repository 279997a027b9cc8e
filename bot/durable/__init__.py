"""The port to the durable engine: a delayed queue in our database that survives crashes.

The only room that imports `dbos`. Knows no feature: a job is a name, an id and one string.
"""

from bot.durable.dbos_internals import backlog
from bot.durable.engine import Again, Engine, Job
from bot.durable.schema import migrate, pending

__all__ = ["Again", "Engine", "Job", "backlog", "migrate", "pending"]
