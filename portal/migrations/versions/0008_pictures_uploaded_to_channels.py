"""Pictures uploaded to the libraries of channels."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "uploaded_picture",
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.String(length=255), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_uploaded_picture_connection_id")
        ),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_uploaded_picture_merchant_id")),
        sa.PrimaryKeyConstraint("connection_id", "place", name=op.f("pk_uploaded_picture")),
    )
    op.create_index(op.f("ix_uploaded_picture_merchant_id"), "uploaded_picture", ["merchant_id"])


def downgrade() -> None:
    op.drop_table("uploaded_picture")
