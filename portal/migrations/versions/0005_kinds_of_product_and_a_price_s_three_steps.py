"""What channels publish about kinds of product; a price as sent, as approved and as reported."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")


def upgrade() -> None:
    op.create_table(
        "kind_rules",
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("document", _JSON, nullable=True),
        sa.Column("read_at", _MOMENT, nullable=True),
        sa.Column("problem", _JSON, nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["connection.id"], name=op.f("fk_kind_rules_connection_id")),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_kind_rules_merchant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kind_rules")),
        sa.UniqueConstraint("connection_id", "name", name=op.f("uq_kind_rules_connection_id_name")),
    )
    op.create_index(op.f("ix_kind_rules_merchant_id"), "kind_rules", ["merchant_id"])
    with op.batch_alter_table("listing_item", schema=None) as batch_op:
        for step in ("approved", "reported"):
            batch_op.add_column(sa.Column(f"{step}_price_minor", sa.BigInteger(), nullable=True))
            batch_op.add_column(sa.Column(f"{step}_price_at", _MOMENT, nullable=True))
    # Until now a price was noted when the channel had taken it.
    op.execute("UPDATE listing_item SET approved_price_minor = sent_price_minor, approved_price_at = sent_price_at")


def downgrade() -> None:
    with op.batch_alter_table("listing_item", schema=None) as batch_op:
        for step in ("approved", "reported"):
            batch_op.drop_column(f"{step}_price_minor")
            batch_op.drop_column(f"{step}_price_at")
    op.drop_table("kind_rules")
