"""What buyers send back, and what becomes of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

COUNTS = ("told_back", "noted_back", "shelved", "put_back", "raised")


def upgrade() -> None:
    op.create_table(
        "sale_return",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("back_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_by", sa.String(length=200), nullable=False),
        sa.Column("made_by", sa.String(length=200), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("shelving", sa.String(length=32), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["line_id"], ["sale_line.id"], name=op.f("fk_sale_return_line_id")),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_sale_return_merchant_id")),
        sa.ForeignKeyConstraint(["order_id"], ["sale.id"], name=op.f("fk_sale_return_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sale_return")),
        sa.UniqueConstraint("line_id", "first", name=op.f("uq_sale_return_line_id_first")),
    )
    with op.batch_alter_table("sale_return", schema=None) as batch_op:
        batch_op.create_index("ix_sale_return_order", ["order_id", "id"], unique=False)
        batch_op.create_index(
            "ix_sale_return_waiting",
            ["merchant_id", "order_id"],
            unique=False,
            sqlite_where=sa.text("shelving = 'waiting'"),
            postgresql_where=sa.text("shelving = 'waiting'"),
        )
        batch_op.create_index(batch_op.f("ix_sale_return_merchant_id"), ["merchant_id"], unique=False)

    with op.batch_alter_table("sale_line", schema=None) as batch_op:
        for name in COUNTS:
            batch_op.add_column(sa.Column(name, sa.Integer(), nullable=False, server_default=sa.text("0")))


def downgrade() -> None:
    with op.batch_alter_table("sale_line", schema=None) as batch_op:
        for name in reversed(COUNTS):
            batch_op.drop_column(name)

    op.drop_table("sale_return")
