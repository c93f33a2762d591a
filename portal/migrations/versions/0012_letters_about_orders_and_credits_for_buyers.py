"""Letters about new orders, and credits that are asked for buyers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "buyer_credit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("asked_by", sa.String(length=200), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_buyer_credit_merchant_id")),
        sa.ForeignKeyConstraint(["order_id"], ["sale.id"], name=op.f("fk_buyer_credit_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_buyer_credit")),
    )
    with op.batch_alter_table("buyer_credit", schema=None) as batch_op:
        batch_op.create_index("ix_buyer_credit_order", ["order_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_buyer_credit_merchant_id"), ["merchant_id"], unique=False)
        batch_op.create_index(
            "uq_buyer_credit_open",
            ["order_id"],
            unique=True,
            sqlite_where=sa.text("state = 'asked'"),
            postgresql_where=sa.text("state = 'asked'"),
        )

    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.add_column(sa.Column("order_letters", sa.Boolean(), nullable=False, server_default=sa.false()))

    with op.batch_alter_table("sale", schema=None) as batch_op:
        batch_op.add_column(sa.Column("letter_due", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.create_index(
            "ix_sale_letter_due",
            ["merchant_id"],
            unique=False,
            sqlite_where=sa.text("letter_due = 1"),
            postgresql_where=sa.text("letter_due"),
        )


def downgrade() -> None:
    with op.batch_alter_table("sale", schema=None) as batch_op:
        batch_op.drop_index("ix_sale_letter_due")
        batch_op.drop_column("letter_due")

    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.drop_column("order_letters")

    op.drop_table("buyer_credit")
