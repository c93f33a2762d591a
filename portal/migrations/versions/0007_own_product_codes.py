"""Product codes of a merchant's own prefix; a listing that is taken off to be made again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "code_prefix",
        sa.Column("prefix", sa.String(length=11), nullable=False),
        sa.Column("next_item", sa.BigInteger(), nullable=False),
        sa.Column("used_at", _MOMENT, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_code_prefix_merchant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code_prefix")),
        sa.UniqueConstraint("merchant_id", "prefix", name=op.f("uq_code_prefix_merchant_id_prefix")),
    )
    op.create_index(op.f("ix_code_prefix_merchant_id"), "code_prefix", ["merchant_id"])
    op.create_table(
        "issued_code",
        sa.Column("prefix_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=13), nullable=False),
        sa.Column("given_to", sa.Uuid(), nullable=True),
        sa.Column("given_at", _MOMENT, nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_issued_code_merchant_id")),
        sa.ForeignKeyConstraint(["prefix_id"], ["code_prefix.id"], name=op.f("fk_issued_code_prefix_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issued_code")),
        sa.UniqueConstraint("merchant_id", "code", name=op.f("uq_issued_code_merchant_id_code")),
    )
    op.create_index(op.f("ix_issued_code_merchant_id"), "issued_code", ["merchant_id"])
    op.create_index("ix_issued_code_given_to", "issued_code", ["merchant_id", "given_to"])
    with op.batch_alter_table("listing") as table:
        table.add_column(sa.Column("relisting", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    with op.batch_alter_table("listing") as table:
        table.drop_column("relisting")
    op.drop_table("issued_code")
    op.drop_table("code_prefix")
