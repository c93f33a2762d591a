"""What stopping all sales has taken from each location of a channel, until selling goes on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("listing_item", schema=None) as batch_op:
        kind = sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql")
        batch_op.add_column(sa.Column("set_aside", kind, nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("listing_item", schema=None) as batch_op:
        batch_op.drop_column("set_aside")
