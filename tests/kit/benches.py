"""Our channels as the conformance suite takes them: each with its practice server, over HTTP on loopback."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import httpx

from connectors.amazon import client
from connectors.amazon.connector import Amazon
from connectors.kit.bench import OrderBench, Shown
from connectors.protocol import Account, Connector
from connectors.rakuten import names
from connectors.rakuten.connector import Rakuten
from connectors.records import Credentials, Money, ProductRecord, VariantRecord
from connectors.shopify.connector import Shopify
from connectors.yahoo import codes
from connectors.yahoo.connector import YahooShopping
from tests.connectors.amazon.official import OfficialTransport
from tests.connectors.amazon.practice import practice_seller as amazon
from tests.connectors.paced import PacedAccount
from tests.connectors.rakuten.practice import practice_store as rakuten
from tests.connectors.shopify.practice import practice_shop as shopify
from tests.connectors.wire import FakeAccount
from tests.connectors.yahoo.practice import practice_store as yahoo

TITLE = "Stoneware mug"
SHOPIFY_SCOPES = f"{shopify.SCOPES},write_orders"
KEY = "0192f0c1-1111-7aaa-8bbb-{:012d}"


def a_product(number: int, currency: str, details: Mapping[str, str], title: str = TITLE) -> ProductRecord:
    """Two variants, ten units of each."""
    variants = tuple(
        VariantRecord(
            key=KEY.format(number * 100 + at),
            option_values=(colour,),
            sku=f"MUG-{number}-{colour.upper()}",
            price=Money(2400 + at * 100, currency),
            quantity=10,
        )
        for at, colour in enumerate(("Blue", "Sand"))
    )
    return ProductRecord(
        key=KEY.format(number),
        handle=f"mug-{number}",
        title=title,
        option_names=("Colour",),
        variants=variants,
        details=details,
    )


class Till(Protocol):
    """What the practice servers of all channels have alike."""

    clock: Any

    async def lever(self, action: str, **given: Any) -> Any: ...

    async def mend(self) -> None: ...

    async def read(self, table: str) -> Any: ...


class Buying(ABC):
    """The orders' half of a bench: the practice channels' control pages are alike."""

    @property
    @abstractmethod
    def till(self) -> Till:
        """The practice account that is bought at."""

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.till.clock.now, UTC)

    async def wait(self) -> None:
        self.till.clock.now += 10

    async def buy(self, product: ProductRecord, units: int) -> str:
        lines = [{"sku": product.variants[0].sku, "quantity": units}]
        return str((await self.till.lever("orders", lines=lines))["order_id"])

    async def spoil(self, order_id: str, kind: str) -> None:
        await self.till.lever("faults", kind=kind, order=order_id)

    async def mend(self) -> None:
        await self.till.mend()

    async def parcels(self, order_id: str) -> list[str]:
        [order] = [one for one in await self.till.read("orders") if one["order_id"] == order_id]
        return [str(parcel.get("number") or parcel["tracking"]) for parcel in order["parcels"]]


@dataclass
class ShopifyBench(Buying):
    connector: Connector
    account: FakeAccount
    shop: shopify.Shop

    @property
    def till(self) -> Till:
        return self.shop

    def unknown_order(self) -> str:
        return "gid://shopify/Order/999999"

    def product(self, number: int = 1) -> ProductRecord:
        return a_product(number, "USD", {})

    def refused(self) -> ProductRecord:
        return replace(self.product(9), title="x" * 256)

    async def stranger(self) -> Account:
        made = await self.shop.client.post("/practice/api/shops", json={"domain": "other.myshopify.com"})
        assert made.status_code == 201
        token = await self.shop.client.post(
            "/practice/api/shops/other.myshopify.com/tokens", json={"scopes": shopify.SCOPES}
        )
        held = Credentials(access_token=token.json()["access_token"])
        url = f"{self.shop.url}/shops/other.myshopify.com"
        return replace(self.account, domain="other.myshopify.com", base_url=url, held=held)

    async def revoke(self) -> None:
        await self.shop.lever("revoke")

    async def let_in_again(self) -> None:
        await self.shop.install(SHOPIFY_SCOPES)
        self.account.held = Credentials(access_token=self.shop.token)

    async def fault(self, kind: str, **details: Any) -> None:
        if kind == "lost":
            await self.shop.lever("faults", kind="drop", when="after", operation="productSet", count=1)
        else:
            await self.shop.lever("faults", kind=kind, count=1, **details)

    async def shown(self, product: ProductRecord) -> Shown | None:
        for row in await self.shop.read("products"):
            if row["handle"] == product.handle:
                return Shown(
                    title=row["title"],
                    prices=tuple(round(float(variant["price"]) * 100) for variant in row["variants"]),
                    quantities=tuple(sum(variant["available"].values()) for variant in row["variants"]),
                    on_sale=row["status"] == "ACTIVE" and bool(row["publishedOn"]),
                )
        return None

    async def writes(self) -> int:
        return len(await self.shop.read("ledger"))


@asynccontextmanager
async def on_shopify(folder: Path) -> AsyncIterator[OrderBench]:
    async with (
        shopify.practice_shop(folder / "p.db") as shop,
        httpx.AsyncClient(verify=False, trust_env=False) as client,
    ):
        connector = Shopify(client)
        await shop.install(SHOPIFY_SCOPES)
        account = FakeAccount(
            domain=shopify.DOMAIN,
            base_url=f"{shop.url}/shops/{shopify.DOMAIN}",
            settings={},
            currency="USD",
            held=Credentials(access_token=shop.token),
        )
        account.settings = (await connector.identify(account)).settings
        yield ShopifyBench(connector, account, shop)


@dataclass
class RakutenBench(Buying):
    connector: Connector
    account: PacedAccount
    shop: rakuten.Shop

    @property
    def till(self) -> Till:
        return self.shop

    def unknown_order(self) -> str:
        return "123456-20260101-9999999999"

    async def spoil(self, order_id: str, kind: str) -> None:
        if kind == "broken":
            words = {"code": "ERROR_999", "message": "システムエラーが発生しました。"}
            await self.shop.lever("faults", kind="refuse", operation="order.getOrder", order=order_id, **words)
        else:
            await super().spoil(order_id, kind)

    def product(self, number: int = 1) -> ProductRecord:
        return a_product(number, "JPY", {"genre_id": "403885"})

    def refused(self) -> ProductRecord:
        return replace(self.product(9), title="器" * 128)

    async def stranger(self) -> Account:
        made = (await self.shop.client.post("/practice/api/stores", json={"name": "other"})).json()
        held = Credentials(access_token=made["license_key"], others={"service_secret": made["service_secret"]})
        return replace(self.account, domain="other", held=held, buckets={})

    async def revoke(self) -> None:
        await self.shop.lever("revoke")

    async def let_in_again(self) -> None:
        key = (await self.shop.lever("renew"))["license_key"]
        self.account.held = replace(self.account.held, access_token=key)

    async def fault(self, kind: str, **details: Any) -> None:
        if kind == "lost":
            await self.shop.lever("faults", kind="drop", when="after", operation="items.upsert", count=1)
        else:
            await self.shop.lever("faults", kind=kind, count=1, **details)

    async def shown(self, product: ProductRecord) -> Shown | None:
        number, ids = names.manage_number(product), names.variant_ids(product.variants)
        for row in await self.shop.read("products"):
            if row["manageNumber"] == number:
                variants = [ids[variant.key] for variant in product.variants]
                return Shown(
                    title=row["title"],
                    prices=tuple(int(row["variants"][one]["standardPrice"]) for one in variants),
                    quantities=tuple(row["stock"].get(one, 0) for one in variants),
                    on_sale=not row.get("hideItem"),
                )
        return None

    async def writes(self) -> int:
        return len(await self.shop.read("ledger"))


@asynccontextmanager
async def on_rakuten(folder: Path) -> AsyncIterator[OrderBench]:
    async with (
        rakuten.practice_store(folder / "p.db") as shop,
        httpx.AsyncClient(verify=False, trust_env=False) as client,
    ):
        connector, account = Rakuten(client), shop.account()
        account.settings = (await connector.identify(account)).settings
        yield RakutenBench(connector, account, shop)


@dataclass
class YahooBench(Buying):
    connector: Connector
    account: PacedAccount
    store: yahoo.Store

    @property
    def till(self) -> Till:
        return self.store

    def unknown_order(self) -> str:
        return f"{yahoo.SELLER}-99999999"

    def product(self, number: int = 1) -> ProductRecord:
        return a_product(number, "JPY", {"product_category": "1447", "path": "食器:マグ"})

    def refused(self) -> ProductRecord:
        return replace(self.product(9), title="器" * 76)

    async def stranger(self) -> Account:
        owner = {"seller_id": "other-store", "owner": "somebody-else"}
        await self.store.client.post("/practice/api/stores", json=owner)
        tokens = (await self.store.client.post("/practice/api/stores/other-store/tokens", json={})).json()
        held = replace(self.account.held, **tokens)
        return replace(self.account, domain="other-store", held=held, buckets={})

    async def revoke(self) -> None:
        await self.store.lever("revoke")

    async def let_in_again(self) -> None:
        self.account.held = replace(self.account.held, **await self.store.lever("tokens"))

    async def fault(self, kind: str, **details: Any) -> None:
        if kind == "lost":
            await self.store.lever("faults", kind="drop", when="after", operation="editItem", count=1)
        else:
            await self.store.lever("faults", kind=kind, count=1, **details)

    async def shown(self, product: ProductRecord) -> Shown | None:
        """What buyers see: an edit that was not published yet does not count."""
        subs = codes.subcodes(product)
        for row in await self.store.read("products"):
            live = row["live"]
            if row["item_code"] == codes.item_code(product) and live is not None:
                prices = dict(pair.split("=price:") for pair in live.get("subcode_param", "").split("|") if pair)
                return Shown(
                    title=live["name"],
                    prices=tuple(int(prices.get(sub, live["price"])) for sub in subs),
                    quantities=tuple(row["stock"].get(sub, 0) for sub in subs),
                    on_sale=live["display"] == "1",
                )
        return None

    async def writes(self) -> int:
        return len(await self.store.read("ledger"))


@asynccontextmanager
async def on_yahoo(folder: Path) -> AsyncIterator[OrderBench]:
    async with (
        yahoo.practice_store(folder / "p.db") as store,
        httpx.AsyncClient(verify=False, trust_env=False) as client,
    ):
        connector, account = YahooShopping(client, clock=store.clock), yahoo.account_of(store)
        account.settings = (await connector.identify(account)).settings
        yield YahooBench(connector, account, store)


@dataclass
class AmazonBench(Buying):
    connector: Connector
    account: PacedAccount
    seller: amazon.Seller

    @property
    def till(self) -> Till:
        return self.seller

    def unknown_order(self) -> str:
        return "999-9999999-9999999"

    def product(self, number: int = 1) -> ProductRecord:
        details = {
            "amazon_product_type": "HOME",
            "amazon_attributes": "country of origin: Japan",
            "amazon_code_exemption": "yes",
        }
        return replace(a_product(number, "USD", details), vendor="Kiln", description_html="<p>Of stone.</p>")

    def refused(self) -> ProductRecord:
        return replace(self.product(9), title="x" * 201)

    async def stranger(self) -> Account:
        return await self.seller.account_of("Another seller")

    async def revoke(self) -> None:
        await self.seller.lever("revoke")

    async def let_in_again(self) -> None:
        made = await self.seller.made(amazon.NAME)
        self.account.held = replace(self.account.held, access_token=made["access_token"])

    async def fault(self, kind: str, **details: Any) -> None:
        if kind == "lost":
            await self.seller.lever("faults", kind="drop", when="after", operation="putListingsItem", mode="", count=1)
        else:
            # Being told to slow down is borne a few times before it is said.
            count = client.TRIES if kind == "throttle" else 1
            await self.seller.lever("faults", kind=kind, count=count, **details)

    async def shown(self, product: ProductRecord) -> Shown | None:
        listed = {row["sku"]: row for row in await self.seller.read("products")}
        rows = [listed[variant.sku] for variant in product.variants if variant.sku in listed]
        if not rows:
            return None
        offers = [row["attributes"].get("purchasable_offer") for row in rows]
        return Shown(
            title=rows[0]["summaries"][0]["itemName"],
            prices=tuple(round(o[0]["our_price"][0]["schedule"][0]["value_with_tax"] * 100) for o in offers if o),
            quantities=tuple(row["fulfillmentAvailability"][0]["quantity"] for row in rows),
            on_sale=all("BUYABLE" in row["summaries"][0]["status"] for row in rows),
        )

    async def writes(self) -> int:
        return len(await self.seller.read("ledger"))


@asynccontextmanager
async def on_amazon(folder: Path) -> AsyncIterator[OrderBench]:
    async with (
        amazon.practice_seller(folder / "p.db", live_after_seconds=0) as seller,
        httpx.AsyncClient(transport=OfficialTransport()) as client,
    ):
        connector, account = Amazon(client), seller.account()
        account.settings = (await connector.identify(account)).settings
        yield AmazonBench(connector, account, seller)


BENCHES: Mapping[str, Callable[[Path], AbstractAsyncContextManager[OrderBench]]] = {
    "shopify": on_shopify,
    "amazon": on_amazon,
    "rakuten": on_rakuten,
    "yahoo": on_yahoo,
}
