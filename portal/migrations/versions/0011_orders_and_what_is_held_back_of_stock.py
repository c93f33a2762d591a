"""Orders and what is held back of stock."""

from __future__ import annotations

import sqlalchemy as sa
import sqlalchemy.dialects.postgresql
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "order_feed",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("compared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("compared", sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=True),
        sa.ForeignKeyConstraint(["connection_id"], ["connection.id"], name=op.f("fk_order_feed_connection_id")),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_order_feed_merchant_id")),
        sa.PrimaryKeyConstraint("connection_id", name=op.f("pk_order_feed")),
    )
    with op.batch_alter_table("order_feed", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_order_feed_merchant_id"), ["merchant_id"], unique=False)

    op.create_table(
        "sale",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("channel_id", sa.String(length=255), nullable=False),
        sa.Column("number", sa.String(length=255), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("subtotal_minor", sa.BigInteger(), nullable=True),
        sa.Column("shipping_minor", sa.BigInteger(), nullable=True),
        sa.Column("tax_minor", sa.BigInteger(), nullable=True),
        sa.Column("discount_minor", sa.BigInteger(), nullable=True),
        sa.Column("total_minor", sa.BigInteger(), nullable=True),
        sa.Column("taxes_included", sa.Boolean(), nullable=False),
        sa.Column("payment", sa.String(length=64), nullable=False),
        sa.Column("shipping_method", sa.String(length=255), nullable=False),
        sa.Column("fraud", sa.String(length=8), nullable=False),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("cancel_reason", sa.String(length=255), nullable=False),
        sa.Column("cancelling", sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("ship_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("by_channel", sa.Boolean(), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("history", sa.Boolean(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("buyer", sa.LargeBinary(), nullable=True),
        sa.Column("buyer_removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shipped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("store_step", sa.String(length=32), nullable=False),
        sa.Column("problem", sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("problem_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["connection.id"], name=op.f("fk_sale_connection_id")),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_sale_merchant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sale")),
        sa.UniqueConstraint("connection_id", "channel_id", name=op.f("uq_sale_connection_id_channel_id")),
    )
    with op.batch_alter_table("sale", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sale_merchant_id"), ["merchant_id"], unique=False)
        batch_op.create_index("ix_sale_number", ["merchant_id", "number"], unique=False)
        batch_op.create_index("ix_sale_page", ["merchant_id", "placed_at"], unique=False)
        batch_op.create_index("ix_sale_received", ["merchant_id", "id"], unique=False)
        batch_op.create_index("ix_sale_step", ["merchant_id", "store_step", "placed_at"], unique=False)

    op.create_table(
        "component",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("bundle_id", sa.Uuid(), nullable=False),
        sa.Column("variant_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["bundle_id"], ["variant.id"], name=op.f("fk_component_bundle_id")),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_component_merchant_id")),
        sa.ForeignKeyConstraint(["variant_id"], ["variant.id"], name=op.f("fk_component_variant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_component")),
        sa.UniqueConstraint("bundle_id", "variant_id", name=op.f("uq_component_bundle_id_variant_id")),
    )
    with op.batch_alter_table("component", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_component_merchant_id"), ["merchant_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_component_variant_id"), ["variant_id"], unique=False)

    op.create_table(
        "parcel",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("channel_id", sa.String(length=255), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("carrier", sa.String(length=64), nullable=False),
        sa.Column("carrier_name", sa.String(length=255), nullable=False),
        sa.Column("number", sa.String(length=255), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("lines", sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("shipped_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told", sa.String(length=255), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_parcel_merchant_id")),
        sa.ForeignKeyConstraint(["order_id"], ["sale.id"], name=op.f("fk_parcel_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parcel")),
        sa.UniqueConstraint("order_id", "channel_id", name=op.f("uq_parcel_order_id_channel_id")),
    )
    with op.batch_alter_table("parcel", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_parcel_merchant_id"), ["merchant_id"], unique=False)

    op.create_table(
        "reservation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("variant_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(length=32), nullable=False),
        sa.Column("cause_id", sa.String(length=128), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_reservation_merchant_id")),
        sa.ForeignKeyConstraint(["variant_id"], ["variant.id"], name=op.f("fk_reservation_variant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reservation")),
        sa.UniqueConstraint("variant_id", "cause", "cause_id", name=op.f("uq_reservation_variant_id_cause_cause_id")),
    )
    with op.batch_alter_table("reservation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reservation_merchant_id"), ["merchant_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_reservation_variant_id"), ["variant_id"], unique=False)

    op.create_table(
        "sale_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("details", sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("made_by", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_sale_event_merchant_id")),
        sa.ForeignKeyConstraint(["order_id"], ["sale.id"], name=op.f("fk_sale_event_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sale_event")),
    )
    with op.batch_alter_table("sale_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sale_event_merchant_id"), ["merchant_id"], unique=False)
        batch_op.create_index("ix_sale_event_page", ["order_id", "id"], unique=False)

    op.create_table(
        "sale_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("channel_id", sa.String(length=255), nullable=False),
        sa.Column("item_id", sa.String(length=255), nullable=False),
        sa.Column("sku", sa.String(length=255), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("variant_id", sa.Uuid(), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("cancelled", sa.Integer(), nullable=False),
        sa.Column("shipped", sa.Integer(), nullable=False),
        sa.Column("restocked", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("returned", sa.Integer(), nullable=False),
        sa.Column("lowered", sa.Integer(), nullable=False),
        sa.Column("restock", sa.Boolean(), nullable=True),
        sa.Column("check_stock", sa.Boolean(), nullable=False),
        sa.Column("unit_price_minor", sa.BigInteger(), nullable=True),
        sa.Column("tax_minor", sa.BigInteger(), nullable=True),
        sa.Column("tax_rate", sa.String(length=16), nullable=False),
        sa.Column("discount_minor", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_sale_line_merchant_id")),
        sa.ForeignKeyConstraint(["order_id"], ["sale.id"], name=op.f("fk_sale_line_order_id")),
        sa.ForeignKeyConstraint(["variant_id"], ["variant.id"], name=op.f("fk_sale_line_variant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sale_line")),
        sa.UniqueConstraint("order_id", "channel_id", name=op.f("uq_sale_line_order_id_channel_id")),
    )
    with op.batch_alter_table("sale_line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sale_line_merchant_id"), ["merchant_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_sale_line_sku"), ["sku"], unique=False)
        batch_op.create_index(batch_op.f("ix_sale_line_variant_id"), ["variant_id"], unique=False)

    op.create_table(
        "shortfall",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("variant_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("cleared", sa.Integer(), nullable=False),
        sa.Column("filled", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(length=32), nullable=False),
        sa.Column("cause_id", sa.String(length=128), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_shortfall_merchant_id")),
        sa.ForeignKeyConstraint(["variant_id"], ["variant.id"], name=op.f("fk_shortfall_variant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shortfall")),
        sa.UniqueConstraint("variant_id", "cause", "cause_id", name=op.f("uq_shortfall_variant_id_cause_cause_id")),
    )
    with op.batch_alter_table("shortfall", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_shortfall_merchant_id"), ["merchant_id"], unique=False)
        batch_op.create_index(
            "ix_shortfall_open",
            ["merchant_id", "created_at"],
            unique=False,
            sqlite_where=sa.text("cleared < quantity"),
            postgresql_where=sa.text("cleared < quantity"),
        )
        batch_op.create_index(batch_op.f("ix_shortfall_variant_id"), ["variant_id"], unique=False)

    op.create_table(
        "sku_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("sku", sa.String(length=255), nullable=False),
        sa.Column("variant_id", sa.Uuid(), nullable=False),
        sa.Column("made_by", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["connection.id"], name=op.f("fk_sku_link_connection_id")),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_sku_link_merchant_id")),
        sa.ForeignKeyConstraint(["variant_id"], ["variant.id"], name=op.f("fk_sku_link_variant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sku_link")),
        sa.UniqueConstraint("connection_id", "sku", name=op.f("uq_sku_link_connection_id_sku")),
    )
    with op.batch_alter_table("sku_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sku_link_merchant_id"), ["merchant_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_sku_link_variant_id"), ["variant_id"], unique=False)

    op.create_table(
        "store_order",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("channel_id", sa.String(length=255), nullable=False),
        sa.Column("number", sa.String(length=255), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("found", sa.Boolean(), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["connection.id"], name=op.f("fk_store_order_connection_id")),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchant.id"], name=op.f("fk_store_order_merchant_id")),
        sa.ForeignKeyConstraint(["order_id"], ["sale.id"], name=op.f("fk_store_order_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_store_order")),
        sa.UniqueConstraint("connection_id", "channel_id", name=op.f("uq_store_order_connection_id_channel_id")),
        sa.UniqueConstraint("order_id", name=op.f("uq_store_order_order_id")),
    )
    with op.batch_alter_table("store_order", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_store_order_merchant_id"), ["merchant_id"], unique=False)

    with op.batch_alter_table("movement", schema=None) as batch_op:
        batch_op.create_index("ix_movement_cause", ["merchant_id", "cause", "cause_id"], unique=False)

    with op.batch_alter_table("connection", schema=None) as batch_op:
        batch_op.add_column(sa.Column("buffer", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(
            sa.Column(
                "handled_outside",
                sa.JSON().with_variant(sa.dialects.postgresql.JSONB(), "postgresql"),
                nullable=False,
                server_default="[]",
            )
        )

    with op.batch_alter_table("listing_item", schema=None) as batch_op:
        batch_op.add_column(sa.Column("accounted_quantity", sa.Integer(), nullable=True))

    with op.batch_alter_table("merchant", schema=None) as batch_op:
        batch_op.add_column(sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("product", schema=None) as batch_op:
        batch_op.add_column(sa.Column("buffer", sa.Integer(), nullable=True))

    with op.batch_alter_table("variant", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reserved", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    with op.batch_alter_table("variant", schema=None) as batch_op:
        batch_op.drop_column("reserved")

    with op.batch_alter_table("movement", schema=None) as batch_op:
        batch_op.drop_index("ix_movement_cause")

    with op.batch_alter_table("product", schema=None) as batch_op:
        batch_op.drop_column("buffer")

    with op.batch_alter_table("merchant", schema=None) as batch_op:
        batch_op.drop_column("stopped_at")

    with op.batch_alter_table("listing_item", schema=None) as batch_op:
        batch_op.drop_column("accounted_quantity")

    with op.batch_alter_table("connection", schema=None) as batch_op:
        batch_op.drop_column("handled_outside")
        batch_op.drop_column("buffer")

    with op.batch_alter_table("store_order", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_store_order_merchant_id"))

    op.drop_table("store_order")
    with op.batch_alter_table("sku_link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sku_link_variant_id"))
        batch_op.drop_index(batch_op.f("ix_sku_link_merchant_id"))

    op.drop_table("sku_link")
    with op.batch_alter_table("shortfall", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_shortfall_variant_id"))
        batch_op.drop_index(
            "ix_shortfall_open",
            sqlite_where=sa.text("cleared < quantity"),
            postgresql_where=sa.text("cleared < quantity"),
        )
        batch_op.drop_index(batch_op.f("ix_shortfall_merchant_id"))

    op.drop_table("shortfall")
    with op.batch_alter_table("sale_line", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sale_line_variant_id"))
        batch_op.drop_index(batch_op.f("ix_sale_line_sku"))
        batch_op.drop_index(batch_op.f("ix_sale_line_merchant_id"))

    op.drop_table("sale_line")
    with op.batch_alter_table("sale_event", schema=None) as batch_op:
        batch_op.drop_index("ix_sale_event_page")
        batch_op.drop_index(batch_op.f("ix_sale_event_merchant_id"))

    op.drop_table("sale_event")
    with op.batch_alter_table("reservation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reservation_variant_id"))
        batch_op.drop_index(batch_op.f("ix_reservation_merchant_id"))

    op.drop_table("reservation")
    with op.batch_alter_table("parcel", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_parcel_merchant_id"))

    op.drop_table("parcel")
    with op.batch_alter_table("component", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_component_variant_id"))
        batch_op.drop_index(batch_op.f("ix_component_merchant_id"))

    op.drop_table("component")
    with op.batch_alter_table("sale", schema=None) as batch_op:
        batch_op.drop_index("ix_sale_step")
        batch_op.drop_index("ix_sale_received")
        batch_op.drop_index("ix_sale_page")
        batch_op.drop_index("ix_sale_number")
        batch_op.drop_index(batch_op.f("ix_sale_merchant_id"))

    op.drop_table("sale")
    with op.batch_alter_table("order_feed", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_order_feed_merchant_id"))

    op.drop_table("order_feed")