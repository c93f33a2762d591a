"""What a channel's own report says is listed there, and what each connection was sent under which SKU."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_JSON = sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql")

# What is listed already was sent under the SKU it has now; at Amazon its id there is the SKU.
_LISTED = sa.text(
    "INSERT INTO upload_record (id, merchant_id, created_at, connection_id, variant_id, product_id, sku, title, sent_at)"
    " SELECT item.id, item.merchant_id, item.created_at, item.connection_id, item.variant_id, variant.product_id,"
    " CASE WHEN connection.channel = 'amazon' THEN item.channel_id ELSE variant.sku END, product.title, item.created_at"
    " FROM listing_item item JOIN variant ON variant.id = item.variant_id"
    " JOIN product ON product.id = variant.product_id JOIN connection ON connection.id = item.connection_id"
    " WHERE variant.sku != '' OR connection.channel = 'amazon'"
)


def upgrade() -> None:
    _make_upload_record()
    _make_channel_report()
    _make_channel_report_row()
    op.get_bind().execute(_LISTED)


def _make_upload_record() -> None:
    op.create_table(
        "upload_record",
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("variant_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("sku", sa.String(length=255), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("sent_at", _MOMENT, nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=True),
        sa.Column("price_minor", sa.BigInteger(), nullable=True),
        sa.Column("price_at", _MOMENT, nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=True),
        sa.Column("quantity_at", _MOMENT, nullable=True),
        *_row("upload_record"),
        sa.ForeignKeyConstraint(["connection_id"], ["connection.id"], name=op.f("fk_upload_record_connection_id")),
        sa.UniqueConstraint(
            "connection_id", "variant_id", "sku", name=op.f("uq_upload_record_connection_id_variant_id_sku")
        ),
    )
    op.create_index(op.f("ix_upload_record_merchant_id"), "upload_record", ["merchant_id"])
    op.create_index("ix_upload_record_sku", "upload_record", ["connection_id", "sku"])
    op.create_index("ix_upload_record_variant_id", "upload_record", ["variant_id"])


def _make_channel_report() -> None:
    op.create_table(
        "channel_report",
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("asked_at", _MOMENT, nullable=False),
        sa.Column("ready_at", _MOMENT, nullable=True),
        sa.Column("problem", _JSON, nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        *_row("channel_report"),
        sa.ForeignKeyConstraint(["connection_id"], ["connection.id"], name=op.f("fk_channel_report_connection_id")),
    )
    op.create_index(op.f("ix_channel_report_merchant_id"), "channel_report", ["merchant_id"])
    op.create_index("ix_channel_report_connection_id", "channel_report", ["connection_id"])
    op.create_index(
        "uq_channel_report_asked",
        "channel_report",
        ["connection_id"],
        unique=True,
        sqlite_where=sa.text("state = 'asked'"),
        postgresql_where=sa.text("state = 'asked'"),
    )


def _make_channel_report_row() -> None:
    op.create_table(
        "channel_report_row",
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("verdict", sa.String(length=32), nullable=False),
        sa.Column("differs", _JSON, nullable=False),
        sa.Column("sku", sa.String(length=255), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("barcode", sa.String(length=255), nullable=False),
        sa.Column("channel_ref", sa.String(length=255), nullable=False),
        sa.Column("status", sa.String(length=64), nullable=False),
        sa.Column("by_channel", sa.Boolean(), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=True),
        sa.Column("listing_id", sa.Uuid(), nullable=True),
        sa.Column("variant_id", sa.Uuid(), nullable=True),
        sa.Column("sent_price_minor", sa.BigInteger(), nullable=True),
        sa.Column("sent_price_at", _MOMENT, nullable=True),
        sa.Column("sent_quantity", sa.Integer(), nullable=True),
        sa.Column("sent_quantity_at", _MOMENT, nullable=True),
        sa.Column("search_text", sa.Text(), nullable=False),
        *_row("channel_report_row"),
        sa.ForeignKeyConstraint(["report_id"], ["channel_report.id"], name=op.f("fk_channel_report_row_report_id")),
    )
    op.create_index(op.f("ix_channel_report_row_merchant_id"), "channel_report_row", ["merchant_id"])
    op.create_index(op.f("ix_channel_report_row_listing_id"), "channel_report_row", ["listing_id"])
    op.create_index("ix_channel_report_row_page", "channel_report_row", ["report_id", "verdict", "sku"])


def _row(table: str) -> list[sa.schema.SchemaItem]:
    """What every table of a merchant has."""
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f(f"fk_{table}_merchant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    ]


def downgrade() -> None:
    op.drop_table("channel_report_row")
    op.drop_table("channel_report")
    op.drop_table("upload_record")
