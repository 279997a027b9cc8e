"""The port to the durable engine: a delayed queue in our database that survives crashes.

The only room that imports `dbos`. Knows no feature: a job is a name, an id and one string.

    dbos_internals  what we use of DBOS beyond its public interface, all in one place
    lean_dbos       imports DBOS without what it names and we never use
    runs            runs one job once and decides what follows
    schema          the tables of the durable engine
    takeover        heartbeats, and the work of processes that have none
    waker           the thread that claims due work at once when rung, and looks after lost work on every tick
"""

from bot.durable.dbos_internals import backlog
from bot.durable.engine import Again, Engine, Job
from bot.durable.schema import migrate, pending

__all__ = ["Again", "Engine", "Job", "backlog", "migrate", "pending"]
