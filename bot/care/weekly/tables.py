"""The table of the weekly card."""

import sqlalchemy as sa

metadata = sa.MetaData()

# The last week whose card somebody had, or that had nothing to say. `week`: of their own calendar, since 1970.
care_weeks = sa.Table(
    "care_weeks",
    metadata,
    sa.Column("person_id", sa.String(40), primary_key=True),
    sa.Column("week", sa.BigInteger, nullable=False),
)
