"""A merchant with one product and one channel that shows pictures from its own library alone."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import delete

from connectors.pictures import Limits, as_rgb_jpeg
from portal.catalog.records import NewImage, NewProduct, NewVariant
from portal.listings import service as listings
from portal.models.accounts import Merchant
from portal.models.catalog import Product, ProductImage
from portal.models.connections import Connection
from portal.models.listings import Listing
from tests.connections.premises import Premises
from tests.images.shots import address, picture
from tests.jobs.test_shopify_path import publish, settle
from tests.settable_clock import SettableClock

COLOURS = {"front": "red", "back": "green", "inside": "blue", "below": "white"}


def shot(name: str) -> bytes:
    return picture("PNG", color=COLOURS[name])


@dataclass(frozen=True, slots=True)
class Channel:
    """What differs between the channels."""

    name: str
    seller: str
    upload: str
    details: dict[str, str]
    limits: Limits


@dataclass(frozen=True, slots=True)
class Stand:
    premises: Premises
    seller: Merchant
    connection: Connection
    clock: SettableClock
    channel: Channel

    async def _ask(self, table: str) -> list[dict[str, Any]]:
        root = f"{self.premises.stage.practice_url}/{self.channel.name}/practice/api/stores/{self.channel.seller}"
        return list((await self.premises.stage.http.get(f"{root}/{table}")).json())

    async def shown(self) -> list[dict[str, Any]]:
        """The items there, as the channel's own back office has them."""
        return await self._ask("products")

    async def pictures(self) -> list[str | None]:
        """The digests of the files the one item shows, in order."""
        [item] = await self.shown()
        return list(item["pictures"])

    async def uploads(self) -> int:
        return len([row for row in await self._ask("requests") if row["operation"] == self.channel.upload])

    def sent(self, *names: str) -> list[str]:
        """The digests of the files that the channel gets for these pictures."""
        return [self.digest(shot(name)) for name in names]

    def digest(self, content: bytes) -> str:
        return hashlib.sha256(as_rgb_jpeg(content, self.channel.limits)).hexdigest()

    async def offered(self, *urls: str) -> UUID:
        """The product is in the catalog and shows these pictures."""
        variant = NewVariant(sku="MUG-1", price_minor=1200, quantity=5)
        images = tuple(NewImage(url=url) for url in urls)
        mug = NewProduct(handle="mug", title="マグカップ", variants=(variant,), images=images)
        [saved] = await self.premises.stage.add(self.seller, mug)
        async with self.premises.stage.sessions.write(self.seller.id) as session:
            (await session.get_one(Product, saved.id)).details = self.channel.details
        return UUID(str(saved.id))

    async def publish(self, product_id: UUID) -> None:
        await publish(self.premises.stage, self.seller, self.connection, product_id)

    async def settle(self) -> None:
        await settle(self.premises.stage, self.clock)

    async def listed(self, *names: str) -> UUID:
        product_id = await self.offered(*map(address, names))
        await self.publish(product_id)
        await self.settle()
        return product_id

    async def listing(self, product_id: UUID) -> Listing:
        return await self.premises.stage.listing(self.seller, product_id)

    async def change(self, product_id: UUID, *, title: str = "", images: tuple[str, ...] | None = None) -> None:
        """The merchant has edited the product, and what follows of it is done."""
        async with self.premises.stage.sessions.write(self.seller.id) as session:
            product = await session.get_one(Product, product_id)
            product.title, product.version = title or product.title, product.version + 1
            if images is not None:
                await session.execute(delete(ProductImage).where(ProductImage.product_id == product_id))
                session.add_all(
                    ProductImage(merchant_id=self.seller.id, product_id=product_id, position=number, url=address(name))
                    for number, name in enumerate(images)
                )
            await session.flush()
            await listings.product_changed(session, self.seller.id, [product_id], self.premises.stage.now)
        await self.settle()
