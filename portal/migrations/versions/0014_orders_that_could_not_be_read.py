"""Orders that a channel has and that could not be read, and what our staff answer to a request for a credit."""

from __future__ import annotations

import sqlalchemy as sa
import sqlalchemy.dialects.postgresql
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "unread_order",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("channel_id", sa.String(length=255), nullable=False),
        sa.Column("number", sa.String(length=255), nullable=False),
        sa.Column("problem", JSON, nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_unread_order_connection_id")
        ),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_unread_order_merchant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unread_order")),
        sa.UniqueConstraint("connection_id", "channel_id", name=op.f("uq_unread_order_connection_id_channel_id")),
    )
    with op.batch_alter_table("unread_order", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_unread_order_merchant_id"), ["merchant_id"], unique=False)

    with op.batch_alter_table("buyer_credit", schema=None) as batch_op:
        batch_op.add_column(sa.Column("given_minor", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("answer", sa.Text(), nullable=False, server_default=""))

    # What was given before was all that was asked for.
    credit = sa.table(
        "buyer_credit", sa.column("given_minor", sa.BigInteger()), sa.column("amount_minor"), sa.column("state")
    )
    op.execute(credit.update().where(credit.c.state == "given").values(given_minor=credit.c.amount_minor))


    with op.batch_alter_table("order_feed", schema=None) as batch_op:
        batch_op.add_column(sa.Column("begun_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("page", sa.Text(), nullable=False, server_default=""))

    with op.batch_alter_table("sale", schema=None) as batch_op:
        batch_op.create_index("ix_sale_tab", ["merchant_id", "state", "store_step", "connection_id"], unique=False)
        batch_op.create_index(
            "ix_sale_problem",
            ["merchant_id", "state"],
            unique=False,
            sqlite_where=sa.text("problem IS NOT NULL"),
            postgresql_where=sa.text("problem IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_sale_leaving",
            ["merchant_id", "state"],
            unique=False,
            sqlite_where=sa.text("cancel_requested = 1"),
            postgresql_where=sa.text("cancel_requested"),
        )


def downgrade() -> None:
    with op.batch_alter_table("sale", schema=None) as batch_op:
        batch_op.drop_index("ix_sale_leaving")
        batch_op.drop_index("ix_sale_problem")
        batch_op.drop_index("ix_sale_tab")

    with op.batch_alter_table("order_feed", schema=None) as batch_op:
        batch_op.drop_column("page")
        batch_op.drop_column("begun_at")

    with op.batch_alter_table("buyer_credit", schema=None) as batch_op:
        batch_op.drop_column("answer")
        batch_op.drop_column("given_minor")

    with op.batch_alter_table("unread_order", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_unread_order_merchant_id"))

    op.drop_table("unread_order")
