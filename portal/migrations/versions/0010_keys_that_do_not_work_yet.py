"""New keys of a connection, kept until the channel takes them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("connection", schema=None) as batch_op:
        batch_op.add_column(sa.Column("next_secrets", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("next_secrets_until", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("connection", schema=None) as batch_op:
        batch_op.drop_column("next_secrets_until")
        batch_op.drop_column("next_secrets")
