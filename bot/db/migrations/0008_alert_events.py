"""What a source said of an alert since, whether its keys were looked up, and where a batch was asked for."""

import sqlalchemy as sa


def upgrade(c: sa.Connection) -> None:
    """Add the columns. Alerts of earlier versions were looked up; their GitHub ids get the kind of the event."""
    c.execute(sa.text("ALTER TABLE alerts ADD COLUMN events JSON NOT NULL DEFAULT '[]'"))
    c.execute(sa.text("ALTER TABLE alerts ADD COLUMN looked_up_at DOUBLE PRECISION"))
    c.execute(sa.text("UPDATE alerts SET looked_up_at = received_at"))
    kind = "UPDATE alerts SET their_id = 'secret_scanning_alert:' || their_id"
    c.execute(sa.text(f"{kind} WHERE source = 'github' AND their_id NOT LIKE 'sha256:%' AND LENGTH(their_id) < 160"))
    c.execute(sa.text("ALTER TABLE batches ADD COLUMN channel_id VARCHAR(40) NOT NULL DEFAULT ''"))
