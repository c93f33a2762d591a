"""Making offers: a product of its own that holds the stock, or a product of the catalog that is offered."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.protocol import Offers
from connectors.registry import CHANNELS
from portal.catalog import changes, queries, service, sources
from portal.catalog.forms import ProductEdit, VariantEdit
from portal.errors import FormInvalid
from portal.i18n import _
from portal.listings import publishing
from portal.listings.eligible import channel_name, known_of, lacking, products_of
from portal.models.accounts import Merchant
from portal.models.catalog import Product, ProductStatus, Variant
from portal.models.connections import Connection
from portal.models.listings import Intent, Listing, ListingItem
from portal.offers.forms import Item, NewOffer
from portal.stock import service as stock
from portal.stock.service import Move

_FIELDS = {"/variants/0/sku": "sku", "/variants/0/price": "price"}


async def offer(
    session: AsyncSession, connection: Connection, offers: Offers, new: NewOffer, *, made_by: str, now: datetime
) -> UUID:
    """A product with this item's name, its own SKU, price and stock, on its way to the channel; its listing's id.

    Asked again for the same `product_id` it answers the listing there is. Raises FormInvalid for a SKU in use.
    """
    merchant_id = connection.merchant_id
    made = await session.scalar(select(Listing.id).where(Listing.product_id == new.product_id))
    if made is not None:
        return made
    await _check_sku(session, connection, new.sku)
    await service.create(
        session,
        merchant_id=merchant_id,
        product_id=new.product_id,
        edit=_edit(connection, offers, new),
        made_by=made_by,
        now=now,
        source=sources.OFFER,
    )
    variant_id = await session.scalar(select(Variant.id).where(Variant.product_id == new.product_id))
    assert variant_id is not None, "a product is made with its variant"
    first = Move(variant_id=variant_id, quantity=new.quantity, cause="counted", cause_id=str(new.product_id))
    await stock.begin(session, merchant_id=merchant_id, moves=[first], made_by=made_by, now=now)
    return await _publish(session, connection, new.product_id, now=now)


async def offer_product(
    session: AsyncSession,
    connection: Connection,
    offers: Offers,
    item: Item,
    product_id: UUID,
    *,
    made_by: str,
    now: datetime,
) -> UUID:
    """The product of the catalog is offered on the item, with its own SKU, price and stock; its listing's id.

    One that was offered on it before, and ended, is for sale again. Raises FormInvalid (`product`) where that product
    cannot be.
    """
    product = await queries.product(session, product_id, lock=True)
    if product.details.get(offers.detail) == item.ref:
        known = select(Listing.id).where(Listing.product_id == product_id, Listing.connection_id == connection.id)
        if (listed := await session.scalar(known)) is not None:
            pair = (product_id, connection.id)
            await publishing.publish(session, merchant_id=product.merchant_id, pairs=[pair], now=now)
            return listed
    await check_linkable(session, connection, offers, item.ref, product)
    await name_item(session, connection, offers, item.ref, product, made_by=made_by, now=now)
    return await _publish(session, connection, product_id, now=now, linked=True)


async def check_linkable(
    session: AsyncSession, connection: Connection, offers: Offers, ref: str, product: Product
) -> None:
    """Raises FormInvalid (`product`) with what keeps the product from being behind an offer on this item."""
    said = {"title": product.title, "channel": channel_name(connection.channel)}
    said["other"] = product.details.get(offers.detail, "")
    problem = ""
    if product.source == sources.OFFER or product.status is not ProductStatus.ACTIVE:
        problem = _("%(title)s isn't active. Choose another product, or set its status to Active first.")
    elif len(product.variants) != 1:
        problem = _("%(title)s has several variants, and an offer is on one item. Choose a product without options.")
    elif not product.variants[0].sku:
        problem = _("%(title)s has no SKU. Give it one first.")
    elif not product.variants[0].tracked:
        problem = _("The stock of %(title)s isn't counted, so an offer would have none. Count its stock first.")
    elif said["other"] not in {"", ref}:
        problem = _("%(title)s is offered on %(other)s already. Choose another product.")
    elif await _listed_there(session, connection, product, named=bool(said["other"])):
        problem = _("%(title)s has a listing on %(channel)s already. Choose another product.")
    if problem:
        raise FormInvalid({"product": problem % said})


async def _listed_there(session: AsyncSession, connection: Connection, product: Product, *, named: bool) -> bool:
    """On this account in any state; on the channel's others as an item of its own, which would become an offer too."""
    rows = await session.execute(
        select(Listing.connection_id, Listing.intent)
        .join(Connection, Connection.id == Listing.connection_id)
        .where(Listing.product_id == product.id, Connection.channel == connection.channel)
    )
    return any(at == connection.id or (intent is not Intent.WITHDRAW and not named) for at, intent in rows.all())


async def name_item(
    session: AsyncSession,
    connection: Connection,
    offers: Offers,
    ref: str,
    product: Product,
    *,
    made_by: str,
    now: datetime,
) -> None:
    """The product says which item of the channel's catalog it is."""
    named = {**_details(connection, offers, ref), **product.details, offers.detail: ref}
    changed = changes.write(product, {"details": named})
    if changed:
        changes.stamp(product, product.variants, changed, made_by=made_by, now=now)
        await session.flush()
        await changes.announce(session, product.merchant_id, [product.id], now=now)


def _details(connection: Connection, offers: Offers, ref: str) -> dict[str, str]:
    kind = CHANNELS[connection.channel].kind_detail
    return {offers.detail: ref, **({kind: offers.kind} if kind and offers.kind else {})}


def _edit(connection: Connection, offers: Offers, new: NewOffer) -> ProductEdit:
    variant = VariantEdit(
        id=None,
        option_values=(),
        sku=new.sku,
        barcode=new.item.code,
        price_minor=new.price_minor,
        compare_at_minor=None,
        cost_minor=None,
        grams=None,
        tracked=True,
        sell_when_out=False,
    )
    return ProductEdit(
        # The channel shows its own title: ours only names the offer here, and need not be refused for its length.
        title=new.item.title[: CHANNELS[connection.channel].title_limit],
        description_html="",
        vendor=new.item.brand,
        product_type="",
        category="",
        tags=(),
        status=ProductStatus.ACTIVE,
        option_names=(),
        seo_title="",
        seo_description="",
        details=_details(connection, offers, new.item.ref),
        variants=(variant,),
        images=(),
    )


async def _check_sku(session: AsyncSession, connection: Connection, sku: str) -> None:
    """Raises FormInvalid (`sku`) where another product, or another listing of the account, goes by it."""
    other = await session.scalar(
        select(Product.title)
        .join(Variant, Variant.product_id == Product.id)
        .where(Variant.sku == sku, Product.status != ProductStatus.ARCHIVED)
        .limit(1)
    )
    if other is not None:
        words = _("%(title)s has this SKU. Link the offer to that product, or enter another SKU.")
        raise FormInvalid({"sku": words % {"title": other}})
    taken = select(ListingItem.id).where(ListingItem.connection_id == connection.id, ListingItem.channel_id == sku)
    if await session.scalar(taken.limit(1)) is not None:
        raise FormInvalid({"sku": _("This account sells something under this SKU already. Enter another.")})


async def _publish(
    session: AsyncSession, connection: Connection, product_id: UUID, *, now: datetime, linked: bool = False
) -> UUID:
    """Raises FormInvalid with what the channel's own rules say first."""
    merchant = await session.get_one(Merchant, connection.merchant_id)
    products = await products_of(session, [product_id])
    lacks = lacking(products[0], connection, merchant.currency, await known_of(session, products, [connection]))
    if lacks:
        at = "product" if linked else _FIELDS.get(lacks[0].field, "sku")
        raise FormInvalid({at: f"{lacks[0].title}. {lacks[0].fix}"})
    pair = (product_id, connection.id)
    armed = await publishing.publish(session, merchant_id=merchant.id, pairs=[pair], now=now)
    return armed[0].listing_id
