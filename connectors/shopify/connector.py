"""Shopify as a channel: what it can do, and each operation of connectors.protocol.Connector."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

import httpx

from connectors import locations
from connectors.errors import AccountBlocked, PermissionLost, Problem, ProblemClass, as_error
from connectors.orders import OrderToCancel
from connectors.pictures import Rules
from connectors.protocol import Account, Capabilities, Key, Kinds, Offers, Orders, Reports, Store
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
from connectors.shopify import errors, finishing, looking, mapping, oauth, publishing, stock, webhooks
from connectors.shopify.client import ShopifyClient
from connectors.shopify.documents import Part
from connectors.shopify.orders import ShopifyOrders
from connectors.shopify.store import ShopifyStore

CAPABILITIES = Capabilities(
    name="Shopify",
    is_store=True,
    publish_batch=10,
    update_batch=50,
    # https://shopify.dev/docs/api/usage/limits: arrays of input hold at most 250.
    stock_batch=250,
    price_batch=25,
    read_batch=15,
    title_limit=255,
    title_unit="characters",
    images_limit=250,
    # https://help.shopify.com/en/manual/products/product-media/product-media-types
    images=Rules(smallest_side=1, formats=frozenset({"JPEG", "PNG", "GIF", "WEBP"}), animated=True, any_colours=True),
    variants_limit=2048,
    options_limit=3,
    needs_sku=False,
    codes="any",
    webhooks=True,
    takes_offers=False,
    cancels="both",
    refunds="partial",
    returns="heard",
    labels="none",
    fraud_level=True,
    compare_and_set_stock=True,
    connect_methods=("oauth", "token"),
    locations=True,
    keys=(Key("token"),),
)


class Shopify:
    """Implements connectors.protocol.Connector."""

    capabilities = CAPABILITIES
    kinds: Kinds | None = None
    offers: Offers | None = None
    reports: Reports | None = None

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self._orders = ShopifyOrders(client)
        self.orders: Orders | None = self._orders
        self.store: Store | None = ShopifyStore(client)

    def account_domain(self, text: str) -> str:
        return oauth.shop_domain(text)

    def base_url(self, domain: str, *, practice_root: str = "") -> str:
        return f"{practice_root}/shops/{domain}" if practice_root else f"https://{domain}"

    def credentials_of(self, keys: Mapping[str, str]) -> Credentials:
        return Credentials(access_token=keys["token"])

    async def identify(self, account: Account) -> Identity:
        return await looking.identify(self._shop(account))

    async def find(self, account: Account, products: Sequence[ProductRecord]) -> list[Outcome[Found | None]]:
        return await looking.find(self._shop(account), products)

    async def publish(self, account: Account, items: Sequence[PublishItem]) -> list[Outcome[Published]]:
        write = partial(
            publishing.publish,
            self._shop(account),
            location_id=_setting(account, "location_id"),
            publication_id=_setting(account, "publication_id"),
        )
        return await _in_currency(account.currency, items, write)

    async def update(self, account: Account, items: Sequence[PublishItem]) -> list[Outcome[Published]]:
        publication_id = _setting(account, "publication_id")
        write = partial(publishing.update, self._shop(account), publication_id=publication_id)
        return await _in_currency(account.currency, items, write)

    async def look(self, account: Account, sent: Sequence[SentItem[Any]]) -> list[Outcome[Any]]:
        if isinstance(sent[0].item, OrderToCancel):
            return await self._orders.look(account, sent)
        return await finishing.look(self._shop(account), sent, publication_id=_setting(account, "publication_id"))

    async def end(self, account: Account, channel_ids: Sequence[str]) -> list[Outcome[None]]:
        """Hidden first and made drafts then, so whichever half a lost call leaves, it is off sale.

        Where we may not see sales channels the draft alone does it: no channel shows one.
        """
        publication_id = account.settings.get("publication_id", "")
        hide = [Part("Unpublish", {"id": one, "publicationId": publication_id}) for one in channel_ids]
        draft = [Part("ProductUpdate", {"product": {"id": one, "status": "DRAFT"}}) for one in channel_ids]
        parts = [*hide, *draft] if publication_id else draft
        problems = [_unless_ended(errors.problem_in(result)) for result in await self._shop(account).run(parts)]
        outcomes: list[Outcome[None]] = [Done(None) for _ in channel_ids]
        for number, problem in enumerate(problems):
            if problem is not None:
                outcomes[number % len(channel_ids)] = Failed(problem)
        return outcomes

    async def set_stock(
        self, account: Account, changes: Sequence[StockChange], *, idempotency_key: str
    ) -> list[Outcome[StockSet]]:
        """With several locations counting, of their sum. See connectors.shopify.stock."""
        return await stock.set_stock(
            self._shop(account), changes, locations=_counted(account), idempotency_key=idempotency_key
        )

    async def set_prices(self, account: Account, changes: Sequence[PriceChange]) -> list[Outcome[None]]:
        outcomes: list[Outcome[None]] = [Done(None) for _ in changes]
        parts: list[Part] = []
        about: list[int] = []
        for number, change in enumerate(changes):
            if any(price.currency != account.currency for _, _, price, _ in change.prices):
                outcomes[number] = Failed(Problem(problem_class=ProblemClass.DATA, code="currency_mismatch"))
                continue
            rows = [mapping.price_input(channel_id, price, was) for _, channel_id, price, was in change.prices]
            for start in range(0, len(rows), mapping.LARGEST_PAGE):
                variants = rows[start : start + mapping.LARGEST_PAGE]
                parts.append(Part("VariantsUpdate", {"productId": change.listing_channel_id, "variants": variants}))
                about.append(number)
        for number, result in zip(about, await self._shop(account).run(parts), strict=True):
            # Which of the product's variants a row was is not known here, so no position is claimed.
            problem = errors.problem_in(result, variants=())
            if problem is not None and isinstance(outcomes[number], Done):
                outcomes[number] = Failed(problem)
        return outcomes

    async def read_states(self, account: Account, channel_ids: Sequence[str]) -> list[Outcome[ListingState]]:
        return await looking.read_states(
            self._shop(account),
            channel_ids,
            locations=_counted(account),
            publication_id=_setting(account, "publication_id"),
            currency=account.currency,
        )

    async def subscribe(self, account: Account, callback_url: str) -> None:
        """Shopify deletes a subscription whose letters come back eight times, so those that lack are made again.

        A topic that the merchant's permission does not open is left out: who connected before we asked for orders goes
        on without them until they agree.
        """
        shop = self._shop(account)
        (there,) = await shop.values([Part("Subscriptions", {"uri": callback_url})])
        heard = {node["topic"] for node in (there or {}).get("nodes") or []}
        parts = [
            Part("Subscribe", {"topic": topic, "uri": callback_url, "fields": list(fields)})
            for topic, fields in webhooks.TOPICS.items()
            if topic not in heard
        ]
        for result in await shop.run(parts):
            problem = errors.problem_in(result)
            if problem is not None and problem.code not in (errors.ALREADY_TAKEN, errors.NO_TOPIC):
                raise as_error(problem)

    def parse_webhook(self, headers: Mapping[str, str], body: bytes, *, secrets: Sequence[str]) -> InboundEvent | None:
        return webhooks.parse_webhook(headers, body, secrets=secrets)

    async def revoke(self, account: Account) -> None:
        """Uninstalls the app. A token the merchant made and pasted is theirs to revoke, so it is left alone."""
        try:
            if not (await account.credentials()).refresh_token:
                return
            (result,) = await self._shop(account).run([Part("Uninstall")])
        except PermissionLost:
            return
        problem = errors.problem_in(result)
        if problem is not None and problem.code not in _ALREADY_OUT:
            raise as_error(problem)

    def _shop(self, account: Account) -> ShopifyClient:
        return ShopifyClient(self._client, account)


_ALREADY_OUT = frozenset({"ACCESS_DENIED", "APP_NOT_FOUND", "APP_NOT_INSTALLED", "USER_PERMISSIONS_INSUFFICIENT"})


def _setting(account: Account, name: str) -> str:
    """The setting, which identify fills in unless the merchant withheld the permission to read it."""
    value = account.settings.get(name, "")
    if not value:
        raise AccountBlocked(f"no_{name.removesuffix('_id')}")
    return str(value)


def _counted(account: Account) -> tuple[str, ...]:
    """The locations whose stock is what the shop sells of, the main one first; one at least."""
    _setting(account, locations.MAIN)
    return locations.counted(account.settings)


Write = Callable[[Sequence[PublishItem]], Awaitable[list[Outcome[Published]]]]


async def _in_currency(currency: str, items: Sequence[PublishItem], write: Write) -> list[Outcome[Published]]:
    """The outcomes of writing what is priced in the shop's currency. The rest is never sent: 100 JPY is not 100 EUR."""
    mismatch = Problem(problem_class=ProblemClass.DATA, code="currency_mismatch")
    outcomes: list[Outcome[Published]] = [Failed(mismatch)] * len(items)
    fitting = [number for number, item in enumerate(items) if mapping.currencies(item.product) == {currency}]
    if fitting:
        written = await write([items[number] for number in fitting])
        for number, outcome in zip(fitting, written, strict=True):
            outcomes[number] = outcome
    return outcomes


def _unless_ended(problem: Problem | None) -> Problem | None:
    """None where the problem says that the product, or the place it was shown in, is no longer there."""
    return None if problem is not None and problem.code in errors.GONE else problem
