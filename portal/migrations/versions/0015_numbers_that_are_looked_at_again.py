"""When listings were last looked at, what their numbers were then, and which of them were put right."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_OF_ITEMS = (
    ("seen_quantity", sa.Integer()),
    ("seen_quantity_at", _MOMENT),
    ("odd_quantity", sa.Integer()),
    ("odd_quantity_at", _MOMENT),
    ("disputed_at", _MOMENT),
)


def upgrade() -> None:
    op.create_table(
        "repair",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("variant_id", sa.Uuid(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("found_at", _MOMENT, nullable=False),
        sa.Column("due", sa.Integer(), nullable=False),
        sa.Column("heard_until", _MOMENT, nullable=True),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=True),
        sa.Column("sent_at", _MOMENT, nullable=True),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["connection.id"], name=op.f("fk_repair_connection_id")),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_repair_merchant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repair")),
    )
    with op.batch_alter_table("repair", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_repair_merchant_id"), ["merchant_id"], unique=False)
        batch_op.create_index("ix_repair_item", ["connection_id", "variant_id", "id"], unique=False)
        batch_op.create_index(
            "ix_repair_unsent",
            ["connection_id"],
            unique=False,
            sqlite_where=sa.text("sent_at IS NULL"),
            postgresql_where=sa.text("sent_at IS NULL"),
        )

    with op.batch_alter_table("listing_item", schema=None) as batch_op:
        for name, kind in _OF_ITEMS:
            batch_op.add_column(sa.Column(name, kind, nullable=True))
        batch_op.create_index(
            "ix_listing_item_disputed",
            ["merchant_id"],
            unique=False,
            sqlite_where=sa.text("disputed_at IS NOT NULL"),
            postgresql_where=sa.text("disputed_at IS NOT NULL"),
        )

    with op.batch_alter_table("listing", schema=None) as batch_op:
        batch_op.add_column(sa.Column("looked_at", _MOMENT, nullable=True))
        batch_op.add_column(sa.Column("look_due_at", _MOMENT, nullable=True))
        batch_op.create_index("ix_listing_looked", ["connection_id", "looked_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("listing", schema=None) as batch_op:
        batch_op.drop_index("ix_listing_looked")
        batch_op.drop_column("look_due_at")
        batch_op.drop_column("looked_at")

    with op.batch_alter_table("listing_item", schema=None) as batch_op:
        batch_op.drop_index("ix_listing_item_disputed")
        for name, _kind in reversed(_OF_ITEMS):
            batch_op.drop_column(name)

    op.drop_table("repair")
