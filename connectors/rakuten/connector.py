"""Rakuten Ichiba as a channel: what it can do, and each operation of connectors.protocol.Connector."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import httpx

from connectors import money
from connectors.errors import Problem, ProblemClass
from connectors.pictures import Rules
from connectors.protocol import Account, Capabilities, Detail, Kinds, Offers, Orders, Reports, Store
from connectors.rakuten import access, inventory, looking, mapping, names, publishing, stock
from connectors.rakuten.batches import one_by_one
from connectors.rakuten.client import RakutenClient
from connectors.rakuten.orders import RakutenOrders
from connectors.records import (
    Credentials,
    Done,
    Failed,
    Found,
    Identity,
    InboundEvent,
    ListingState,
    Outcome,
    PriceChange,
    ProductRecord,
    Published,
    PublishItem,
    SentItem,
    StockChange,
    StockSet,
)

CAPABILITIES = Capabilities(
    name="Rakuten Ichiba",
    is_store=False,
    # One item a call and one call a second: a batch has to be done well within a minute.
    publish_batch=5,
    update_batch=10,
    stock_batch=inventory.ROWS_A_WRITE,
    price_batch=10,
    read_batch=looking.ITEMS_A_READ,
    title_limit=255,
    title_unit="double_bytes",
    images_limit=mapping.IMAGES_LIMIT,
    # IE0224: gif, jpg, jpeg and png.
    images=Rules(smallest_side=1),
    variants_limit=400,
    options_limit=6,
    needs_sku=False,
    codes="valid",
    webhooks=False,
    takes_offers=False,
    cancels="both",
    accepts_orders=True,
    refunds="none",
    returns="not_told",
    labels="none",
    fraud_level=False,
    compare_and_set_stock=False,
    connect_methods=("token",),
    keys=access.KEYS,
    # Vendors' manuals say 10 to 30 minutes; twice that, before a key counts as mistyped.
    keys_work_within_seconds=3_600,
    details=(Detail("genre_id"), Detail("genre_attributes", required=False, lines=True)),
)


class Rakuten:
    """Implements connectors.protocol.Connector. `clock` gives the time up to which orders are searched for."""

    capabilities = CAPABILITIES
    kinds: Kinds | None = None
    offers: Offers | None = None
    reports: Reports | None = None
    orders: Orders | None
    store: Store | None = None

    def __init__(self, client: httpx.AsyncClient, *, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self.orders = RakutenOrders(client, clock)

    def account_domain(self, text: str) -> str:
        return access.account_domain(text)

    def base_url(self, domain: str, *, practice_root: str = "") -> str:
        """One address for all stores: the keys say which store a call is for."""
        return practice_root or access.API_ROOT

    def credentials_of(self, keys: Mapping[str, str]) -> Credentials:
        return access.credentials_of(keys)

    async def identify(self, account: Account) -> Identity:
        return await looking.identify(self._store(account))

    async def find(self, account: Account, products: Sequence[ProductRecord]) -> list[Outcome[Found | None]]:
        return await looking.find(self._store(account), products)

    async def publish(self, account: Account, items: Sequence[PublishItem]) -> list[Outcome[Published]]:
        return await publishing.publish(self._store(account), items)

    async def update(self, account: Account, items: Sequence[PublishItem]) -> list[Outcome[Published]]:
        return await publishing.update(self._store(account), items)

    async def look(self, account: Account, sent: Sequence[SentItem[PublishItem]]) -> list[Outcome[Published]]:
        """Rakuten does what it is asked within the call, so nothing is ever `Sent`."""
        return [Failed(Problem(problem_class=ProblemClass.OURS, code="never_sent")) for _ in sent]

    async def end(self, account: Account, channel_ids: Sequence[str]) -> list[Outcome[None]]:
        """Into the warehouse, as RMS calls it: nobody sees the item, and nothing of it is lost."""
        store = self._store(account)

        async def hide(channel_id: str) -> Outcome[None]:
            if not names.is_manage_number(channel_id):
                return Done(None)
            reply = await store.patch_item(channel_id, {"hideItem": True})
            problem = reply.problem()
            return Done(None) if problem is None or reply.not_found else Failed(problem)

        return await one_by_one(channel_ids, hide)

    async def set_stock(
        self, account: Account, changes: Sequence[StockChange], *, idempotency_key: str
    ) -> list[Outcome[StockSet]]:
        """Absolute numbers need no key: the same call again leaves the same."""
        return await stock.set_stock(self._store(account), changes)

    async def set_prices(self, account: Account, changes: Sequence[PriceChange]) -> list[Outcome[None]]:
        store = self._store(account)

        async def set_price(change: PriceChange) -> Outcome[None]:
            variants = _prices(change)
            if isinstance(variants, Problem):
                return Failed(variants)
            # Which of the product's variants a row was is not known here, so no position is claimed.
            problem = (await store.patch_item(change.listing_channel_id, {"variants": variants})).problem()
            return Done(None) if problem is None else Failed(problem)

        return await one_by_one(changes, set_price)

    async def read_states(self, account: Account, channel_ids: Sequence[str]) -> list[Outcome[ListingState]]:
        return await looking.read_states(self._store(account), channel_ids)

    async def subscribe(self, account: Account, callback_url: str) -> None:
        """Rakuten's notifications are applied for by the merchant, with an address of theirs; we ask instead."""

    def parse_webhook(self, headers: Mapping[str, str], body: bytes, *, secrets: Sequence[str]) -> InboundEvent | None:
        return None

    async def revoke(self, account: Account) -> None:
        """The merchant ends a licence key in RMS; no call does."""

    def _store(self, account: Account) -> RakutenClient:
        return RakutenClient(self._client, account)


def _prices(change: PriceChange) -> dict[str, dict[str, str]] | Problem:
    prices: dict[str, dict[str, str]] = {}
    for _, channel_id, price, _ in change.prices:
        if price.currency != mapping.CURRENCY:
            return mapping.currency_mismatch()
        parts = names.split_item_id(channel_id)
        if parts is None:
            return Problem(problem_class=ProblemClass.OURS, code="not_a_variant_id")
        prices[parts[1]] = {"standardPrice": money.to_text(price)}
    return prices
