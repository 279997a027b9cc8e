"""What we use of DBOS, imported without what DBOS names and we never use. The only module that imports it.

DBOS imports SQLAlchemy's ORM for sessions that a caller may hand in, psycopg also where the database is SQLite, and
libraries for its configuration file and for schedules. Together they are a tenth of a start and 18 MiB at rest.
"""

from bot.late_imports import late_imports

with late_imports(
    "psycopg",
    "psycopg.errors",
    "sqlalchemy.orm",
    "sqlalchemy.ext.asyncio",
    "dbos._client",
    "dbos._datasource",
    "dbos._debouncer",
    "dbos._validation",
    "dbos.cli.migration",
    "croniter",
    "dateutil.parser",
    "yaml",
):
    from dbos import DBOS, Queue, Serializer, _dbos
    from dbos._core import execute_dequeued_workflow
    from dbos._error import DBOSInitializationError
    from dbos._schemas.system_database import SystemSchema
    from dbos._serialization import DefaultSerializer
    from dbos._sys_db import SystemDatabase
    from dbos._utils import GlobalParams, generate_uuid

__all__ = [
    "DBOS",
    "DBOSInitializationError",
    "DefaultSerializer",
    "GlobalParams",
    "Queue",
    "Serializer",
    "SystemDatabase",
    "SystemSchema",
    "_dbos",
    "execute_dequeued_workflow",
    "generate_uuid",
]
