"""What is known of the picture at an address; pictures we keep and serve."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "image_check",
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("url_digest", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("mode", sa.String(length=16), nullable=False),
        sa.Column("format", sa.String(length=16), nullable=False),
        sa.Column("frames", sa.Integer(), nullable=True),
        sa.Column("bytes", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("checked_at", _MOMENT, nullable=True),
        sa.Column("next_check_at", _MOMENT, nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_image_check_merchant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image_check")),
        sa.UniqueConstraint("merchant_id", "url_digest", name=op.f("uq_image_check_merchant_id_url_digest")),
    )
    op.create_index(op.f("ix_image_check_merchant_id"), "image_check", ["merchant_id"])
    op.create_table(
        "kept_picture",
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_kept_picture_merchant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_picture")),
        sa.UniqueConstraint("merchant_id", "sha256", name=op.f("uq_kept_picture_merchant_id_sha256")),
        sa.UniqueConstraint("token", name=op.f("uq_kept_picture_token")),
    )
    op.create_index(op.f("ix_kept_picture_merchant_id"), "kept_picture", ["merchant_id"])


def downgrade() -> None:
    op.drop_table("kept_picture")
    op.drop_table("image_check")
