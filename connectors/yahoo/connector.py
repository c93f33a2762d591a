"""Yahoo! Shopping as a channel: what it can do, and each operation of connectors.protocol.Connector."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlsplit

import httpx

from connectors.errors import Problem, ProblemClass
from connectors.pictures import Rules
from connectors.protocol import Account, Capabilities, Detail, KeysRefused, Kinds, Offers, Orders, Reports, Store
from connectors.records import (
    Credentials,
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
from connectors.yahoo import images, looking, mapping, publishing, stock
from connectors.yahoo.client import YahooClient
from connectors.yahoo.orders import YahooOrders

CAPABILITIES = Capabilities(
    name="Yahoo! Shopping",
    is_store=False,
    publish_batch=5,
    update_batch=10,
    stock_batch=stock.ROWS,
    price_batch=50,
    read_batch=10,
    # https://developer.yahoo.co.jp/webapi/shopping/editItem.html: 75 full-width characters, a half-width one a half.
    title_limit=75,
    title_unit="full_widths",
    images_limit=images.IMAGES_LIMIT,
    # uploadItemImage: GIF, JPEG, and PNG since November 2022.
    images=Rules(smallest_side=1),
    variants_limit=mapping.MOST_SUBCODES,
    options_limit=mapping.MOST_OPTIONS,
    needs_sku=False,
    codes="valid",
    webhooks=False,
    takes_offers=False,
    cancels="both",
    refunds="none",
    returns="not_told",
    labels="none",
    fraud_level=True,
    compare_and_set_stock=False,
    keeps_mark=False,
    connect_methods=("oauth",),
    keys=(),
    details=tuple(Detail(name) for name in mapping.DETAILS),
)

PRODUCTION = "https://circus.shopping.yahooapis.jp"
TEST = "https://test.circus.shopping.yahooapis.jp"
TEST_SELLERS = "snbx-"
_SELLER_ID = re.compile(r"[a-z0-9_-]{1,128}", re.ASCII)
_STORE_HOST = "store.shopping.yahoo.co.jp"
_NOT_A_STORE = 'Type the store account, for example "demo-store", or the address of the store at Yahoo! Shopping.'


class YahooShopping:
    """Implements connectors.protocol.Connector. `clock` gives the time that public-key authentication encrypts."""

    capabilities = CAPABILITIES
    kinds: Kinds | None = None
    offers: Offers | None = None
    reports: Reports | None = None
    store: Store | None = None

    def __init__(self, client: httpx.AsyncClient, *, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._clock = clock
        self.orders: Orders | None = YahooOrders(self._shop, clock)

    def account_domain(self, text: str) -> str:
        typed = text.strip().lower()
        seller_id = _seller_in_address(typed) if "/" in typed or ":" in typed else typed
        if not _SELLER_ID.fullmatch(seller_id):
            raise ValueError(_NOT_A_STORE)
        return seller_id

    def base_url(self, domain: str, *, practice_root: str = "") -> str:
        return practice_root or (TEST if domain.startswith(TEST_SELLERS) else PRODUCTION)

    def credentials_of(self, keys: Mapping[str, str]) -> Credentials:
        raise KeysRefused("", "Yahoo! Shopping gives no keys to copy. Connect on its own page.")

    async def identify(self, account: Account) -> Identity:
        return await looking.identify(self._shop(account), account)

    async def find(self, account: Account, products: Sequence[ProductRecord]) -> list[Outcome[Found | None]]:
        return await looking.find(self._shop(account), products)

    async def publish(self, account: Account, items: Sequence[PublishItem]) -> list[Outcome[Published]]:
        refused, good = _sorted(items)
        outcomes = refused | (await publishing.publish(self._shop(account), good) if good else {})
        return [outcomes[number] for number in range(len(items))]

    async def update(self, account: Account, items: Sequence[PublishItem]) -> list[Outcome[Published]]:
        refused, good = _sorted(items)
        outcomes = refused | (await publishing.update(self._shop(account), good) if good else {})
        return [outcomes[number] for number in range(len(items))]

    async def look(self, account: Account, sent: Sequence[SentItem[PublishItem]]) -> list[Outcome[Published]]:
        return await publishing.look(self._shop(account), sent)

    async def end(self, account: Account, channel_ids: Sequence[str]) -> list[Outcome[None]]:
        return await publishing.end(self._shop(account), channel_ids)

    async def set_stock(
        self, account: Account, changes: Sequence[StockChange], *, idempotency_key: str
    ) -> list[Outcome[StockSet]]:
        """The key is not sent: Yahoo! knows none, and absolute numbers need none."""
        return await stock.set_stock(self._shop(account), changes)

    async def set_prices(self, account: Account, changes: Sequence[PriceChange]) -> list[Outcome[None]]:
        good = {
            number: change
            for number, change in enumerate(changes)
            if all(price.currency == mapping.CURRENCY for _key, _id, price, _was in change.prices)
        }
        outcomes = await publishing.set_prices(self._shop(account), good) if good else {}
        return [outcomes.get(number, Failed(_MISMATCH)) for number in range(len(changes))]

    async def read_states(self, account: Account, channel_ids: Sequence[str]) -> list[Outcome[ListingState]]:
        return await looking.read_states(self._shop(account), channel_ids)

    async def subscribe(self, account: Account, callback_url: str) -> None:
        """Nothing: Yahoo! sends no webhooks."""

    def parse_webhook(self, headers: Mapping[str, str], body: bytes, *, secrets: Sequence[str]) -> InboundEvent | None:
        return None

    async def revoke(self, account: Account) -> None:
        """Nothing is called: only the store's owner can end a consent, on their Yahoo! JAPAN ID page."""

    def _shop(self, account: Account) -> YahooClient:
        return YahooClient(self._client, account, clock=self._clock)


_MISMATCH = Problem(problem_class=ProblemClass.DATA, code="currency_mismatch")


def _seller_in_address(address: str) -> str:
    """The store that an address of a page of it names, empty for any other address."""
    try:
        parts = urlsplit(address if "://" in address else f"https://{address}")
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or parts.netloc != _STORE_HOST:
        return ""
    return parts.path.split("/")[1] if parts.path.count("/") else ""


def _sorted(items: Sequence[PublishItem]) -> tuple[publishing.Outcomes, dict[int, PublishItem]]:
    """The outcomes of what Yahoo! could not even read, and the items that can be sent."""
    refused: publishing.Outcomes = {}
    good: dict[int, PublishItem] = {}
    for number, item in enumerate(items):
        problem = _unsendable(item)
        if problem is None:
            good[number] = item
        else:
            refused[number] = Failed(problem)
    return refused, good


def _unsendable(item: PublishItem) -> Problem | None:
    if mapping.currencies(item.product) != {mapping.CURRENCY}:
        return _MISMATCH
    # A linked item is told single fields only, and keeps the merchant's own category, path and options.
    if item.channel_id and not item.ours:
        return None
    return mapping.unreadable(item.product)
