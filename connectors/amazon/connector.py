"""Amazon as a channel: what it can do, and each operation of connectors.protocol.Connector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import httpx

from connectors.amazon import (
    attributes,
    cancelling,
    catalog,
    looking,
    mapping,
    marketplaces,
    numbers,
    orders,
    publishing,
    reports,
    schemas,
    shipments,
)
from connectors.amazon.client import AmazonClient
from connectors.errors import Problem, ProblemClass
from connectors.orders import OrderPage, OrderRecord, OrderToCancel, ParcelToTell
from connectors.pictures import Rules
from connectors.protocol import Account, Capabilities, Detail, KeysRefused, Kinds, Offers, Orders, Reports, Store
from connectors.records import (
    CatalogMatch,
    Credentials,
    Done,
    Failed,
    Found,
    Identity,
    InboundEvent,
    ListingState,
    Outcome,
    PriceChange,
    ProductKind,
    ProductRecord,
    Published,
    PublishItem,
    ReportRow,
    SentItem,
    StockChange,
    StockSet,
)

CAPABILITIES = Capabilities(
    name="Amazon",
    is_store=False,
    publish_batch=100,
    update_batch=100,
    # A feed holds more, but what comes of one call is recorded in one transaction.
    stock_batch=2_000,
    price_batch=1_000,
    read_batch=40,
    # The product type's own schema says it; 200 is the most that any has.
    title_limit=200,
    title_unit="characters",
    images_limit=mapping.MOST_IMAGES,
    # Seller Central, technical image file requirements; 500 px is the least at which an image is shown at all.
    images=Rules(smallest_side=500, formats=frozenset({"JPEG", "PNG", "GIF", "TIFF"}), any_colours=True),
    # A family of variants holds 2,000; below it so that one fits a feed with others.
    variants_limit=1_000,
    options_limit=2,
    needs_sku=True,
    codes="matched",
    webhooks=False,
    takes_offers=False,
    cancels="to_channel",
    refunds="none",
    returns="not_told",
    labels="buy",
    fraud_level=False,
    compare_and_set_stock=False,
    keeps_mark=False,
    connect_methods=("oauth",),
    keys=(),
    details=(
        Detail(mapping.TYPE),
        Detail(mapping.LINES, required=False, lines=True),
        Detail(mapping.ASIN, required=False),
        Detail(mapping.EXEMPTION, required=False),
    ),
    kind_detail=mapping.TYPE,
    exemption_detail=mapping.EXEMPTION,
    item_detail=mapping.ASIN,
    live_within_seconds=1_800,
)
_NOT_A_MARKETPLACE = 'Type the marketplace, for example "amazon.com" or "amazon.co.jp".'


class Amazon:
    """Implements connectors.protocol.Connector."""

    capabilities = CAPABILITIES

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self.kinds: Kinds | None = _Kinds(client)
        self.offers: Offers | None = _Offers(client)
        self.reports: Reports | None = _Reports(client)
        self.orders: Orders | None = _Orders(client)
        self.store: Store | None = None

    def account_domain(self, text: str) -> str:
        place = marketplaces.named(text)
        if place is None:
            raise ValueError(_NOT_A_MARKETPLACE)
        return place.host

    def base_url(self, domain: str, *, practice_root: str = "") -> str:
        return practice_root or marketplaces.ENDPOINTS[marketplaces.by_host(domain).region]

    def credentials_of(self, keys: Mapping[str, str]) -> Credentials:
        raise KeysRefused("", "Amazon gives no keys to copy. Connect on its own page.")

    async def identify(self, account: Account) -> Identity:
        return await looking.identify(AmazonClient(self._client, account))

    async def find(self, account: Account, products: Sequence[ProductRecord]) -> list[Outcome[Found | None]]:
        return await looking.find(AmazonClient(self._client, account), products)

    async def publish(self, account: Account, items: Sequence[PublishItem]) -> list[Outcome[Published]]:
        shop = AmazonClient(self._client, account)
        outcomes, good = _sorted(items, shop)
        sent = await publishing.publish(shop, list(good.values())) if good else []
        outcomes |= zip(good, sent, strict=True)
        return [outcomes[number] for number in range(len(items))]

    async def update(self, account: Account, items: Sequence[PublishItem]) -> list[Outcome[Published]]:
        shop = AmazonClient(self._client, account)
        outcomes, good = _sorted(items, shop)
        sent = await publishing.update(shop, list(good.values())) if good else []
        outcomes |= zip(good, sent, strict=True)
        return [outcomes[number] for number in range(len(items))]

    async def look(self, account: Account, sent: Sequence[SentItem[Any]]) -> list[Outcome[Any]]:
        shop = AmazonClient(self._client, account)
        match sent[0].item:
            case StockChange():
                return await numbers.look_at_stock(shop, sent)
            case PriceChange():
                return await numbers.look_at_prices(shop, sent)
            case OrderToCancel():
                return await cancelling.look(shop, sent)
            case _:
                return await publishing.look(shop, sent)

    async def end(self, account: Account, channel_ids: Sequence[str]) -> list[Outcome[None]]:
        return await publishing.end(AmazonClient(self._client, account), channel_ids)

    async def set_stock(
        self, account: Account, changes: Sequence[StockChange], *, idempotency_key: str
    ) -> list[Outcome[StockSet]]:
        """The key is not sent: Amazon knows none, and absolute numbers need none."""
        return await numbers.set_stock(AmazonClient(self._client, account), changes)

    async def set_prices(self, account: Account, changes: Sequence[PriceChange]) -> list[Outcome[None]]:
        return await numbers.set_prices(AmazonClient(self._client, account), changes)

    async def read_states(self, account: Account, channel_ids: Sequence[str]) -> list[Outcome[ListingState]]:
        return await looking.read_states(AmazonClient(self._client, account), channel_ids)

    async def subscribe(self, account: Account, callback_url: str) -> None:
        """Nothing: Amazon tells queues and buses of its own cloud, not addresses; we ask."""

    def parse_webhook(self, headers: Mapping[str, str], body: bytes, *, secrets: Sequence[str]) -> InboundEvent | None:
        return None

    async def revoke(self, account: Account) -> None:
        """Nothing is called: only the seller can end a consent, in Seller Central."""


class _Kinds:
    """Implements connectors.protocol.Kinds."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def search(self, account: Account, words: str) -> list[ProductKind]:
        return await schemas.search(AmazonClient(self._client, account), words)

    async def requirements(self, account: Account, names: Sequence[str]) -> list[Outcome[Mapping[str, Any]]]:
        return await schemas.requirements(AmazonClient(self._client, account), names)


class _Offers:
    """Implements connectors.protocol.Offers."""

    detail = mapping.ASIN
    kind = mapping.GENERIC

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def search(self, account: Account, codes: Sequence[str]) -> list[CatalogMatch]:
        return await catalog.search(AmazonClient(self._client, account), codes)

    async def restrictions(self, account: Account, channel_ref: str) -> list[Problem]:
        return await catalog.restrictions(AmazonClient(self._client, account), channel_ref)

    async def leave(self, account: Account, channel_ids: Sequence[str]) -> list[Outcome[None]]:
        return await publishing.leave(AmazonClient(self._client, account), channel_ids)


class _Reports:
    """Implements connectors.protocol.Reports."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def request(self, account: Account) -> str:
        return await reports.request(AmazonClient(self._client, account))

    async def fetch(self, account: Account, reference: str) -> Outcome[Sequence[ReportRow]]:
        return await reports.fetch(AmazonClient(self._client, account), reference)


class _Orders:
    """Implements connectors.protocol.Orders."""

    carriers: Mapping[str, str] = shipments.CARRIERS

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def changed(self, account: Account, since: datetime, page: str = "") -> OrderPage:
        return await orders.changed(AmazonClient(self._client, account), since, page)

    async def read(self, account: Account, channel_ids: Sequence[str]) -> list[Outcome[OrderRecord | None]]:
        return await orders.read(AmazonClient(self._client, account), channel_ids)

    async def find(self, account: Account, number: str) -> OrderRecord | None:
        return await orders.find(AmazonClient(self._client, account), number)

    def heard(self, account: Account, topic: str, body: Mapping[str, Any]) -> OrderRecord | None:
        """None: Amazon sends no webhooks."""
        return None

    async def placed(self, account: Account, start: datetime, end: datetime) -> Sequence[str]:
        return await orders.placed(AmazonClient(self._client, account), start, end)

    async def accept(self, account: Account, channel_ids: Sequence[str]) -> list[Outcome[None]]:
        """Nothing waits to be accepted here: an order is taken by being placed."""
        return [Done(None) for _ in channel_ids]

    async def tell_shipped(self, account: Account, parcels: Sequence[ParcelToTell]) -> list[Outcome[str]]:
        return await shipments.tell(AmazonClient(self._client, account), parcels)

    async def cancel(self, account: Account, orders: Sequence[OrderToCancel]) -> list[Outcome[None]]:
        return await cancelling.cancel(AmazonClient(self._client, account), orders)


def _sorted(
    items: Sequence[PublishItem], shop: AmazonClient
) -> tuple[dict[int, Outcome[Published]], dict[int, PublishItem]]:
    """The outcomes of what Amazon could not even read, and the items that can be sent."""
    refused: dict[int, Outcome[Published]] = {}
    good: dict[int, PublishItem] = {}
    for number, item in enumerate(items):
        problem = _unsendable(item, shop)
        if problem is None:
            good[number] = item
        else:
            refused[number] = Failed(problem)
    return refused, good


def _unsendable(item: PublishItem, shop: AmazonClient) -> Problem | None:
    """What would not even be read there."""
    product = item.product
    if {variant.price.currency for variant in product.variants} != {shop.marketplace.currency}:
        return Problem(problem_class=ProblemClass.DATA, code="currency_mismatch", field="/variants/0/price")
    for number, variant in enumerate(product.variants):
        if not variant.sku:
            return Problem(problem_class=ProblemClass.DATA, code="no_sku", field=f"/variants/{number}/sku")
    try:
        attributes.read(product.details.get(mapping.LINES, ""))
    except ValueError as error:
        field = f"/details/{mapping.LINES}"
        return Problem(problem_class=ProblemClass.DATA, code=schemas.UNREADABLE, field=field, message=str(error))
    return None
