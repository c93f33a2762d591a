"""Brings the pictures of products into the shop's R-Cabinet, from where alone an item can show them."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.errors import Problem
from connectors.pictures import Limits
from connectors.rakuten import cabinet, mapping, names
from connectors.rakuten.client import RakutenClient
from connectors.records import Failed, ProductRecord
from connectors.uploading import Uploads, Wanted

# [cabinetapi/cabinetapicodesreference]: 3008 and 3009.
LIMITS = Limits(longest_side=3840, largest_bytes=2 * 1024 * 1024)
# A new file is to be seen after ten seconds at the earliest, and an item before then may not find it.
SETTLING_SECONDS = 10.0


class Pictures:
    """The pictures of one operation's products."""

    def __init__(self, client: RakutenClient) -> None:
        self._client = client
        self._folder = ""
        self._uploads = Uploads(client.account, self._upload, limits=LIMITS, settling_seconds=SETTLING_SECONDS)

    async def locations(self, product: ProductRecord) -> dict[str, str] | Failed:
        """Where each picture of the product lies in the R-Cabinet, by its address, or the product's outcome.

        As connectors.uploading.Uploads.put, with those the merchant put there.
        """
        fields = _shown(product)
        found = {url: at for url in fields if (at := mapping.cabinet_location(url, self._client.shop))}
        places = {url: names.picture_place(url) for url in fields if url not in found}
        wanted = {place: Wanted(url, fields[url], product.title) for url, place in places.items()}
        there = await self._uploads.put(wanted)
        if isinstance(there, Failed):
            return there
        return found | {url: place for url, place in places.items() if place in there}

    async def _upload(self, place: str, image: bytes, name: str) -> Problem | None:
        self._folder = self._folder or await cabinet.our_folder(self._client)
        return await cabinet.upload(self._client, image, folder_id=self._folder, place=place, name=name)


def _shown(product: ProductRecord) -> dict[str, str]:
    """The address of every picture an item of the product shows, with the field that shows it first."""
    fields: dict[str, str] = {}
    for url, field in _places(product):
        fields.setdefault(url, field)
    return fields


def _places(product: ProductRecord) -> Iterator[tuple[str, str]]:
    for number, image in enumerate(product.images[: mapping.IMAGES_LIMIT]):
        yield image.url, f"/images/{number}"
    # A lone SKU shows none (IE0158).
    for number, variant in enumerate(product.variants if product.option_names else ()):
        if variant.image_url:
            yield variant.image_url, f"/variants/{number}/image_url"
