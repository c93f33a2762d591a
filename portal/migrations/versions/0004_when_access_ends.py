"""When access to a channel ends, in the place of when its token does, which nobody read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("connection", schema=None) as batch_op:
        batch_op.add_column(sa.Column("access_ends_at", _MOMENT, nullable=True))
        batch_op.drop_column("expires_at")


def downgrade() -> None:
    with op.batch_alter_table("connection", schema=None) as batch_op:
        batch_op.add_column(sa.Column("expires_at", _MOMENT, nullable=True))
        batch_op.drop_column("access_ends_at")
