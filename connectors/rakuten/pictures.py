"""Brings the pictures of products into the shop's R-Cabinet, from where alone an item can show them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from connectors import uploading
from connectors.addresses import FetchRefused
from connectors.errors import Busy, InDoubt, Problem
from connectors.fetching import SWITCHED_OFF
from connectors.pictures import Limits
from connectors.rakuten import cabinet, mapping, names
from connectors.rakuten.client import RakutenClient
from connectors.records import Failed, ProductRecord

# [cabinetapi/cabinetapicodesreference]: 3008 and 3009.
LIMITS = Limits(longest_side=3840, largest_bytes=2 * 1024 * 1024)
# A new file is to be seen after ten seconds at the earliest, and an item before then may not find it.
SETTLING_SECONDS = 10.0
# One call a second, and as long again to have each picture: a batch has to be done well within a minute.
UPLOADS_AN_OPERATION = 5
NEXT_TURN_SECONDS = 1.0


class Pictures:
    """The pictures of one operation's products. What was uploaded is remembered, so it goes there once."""

    def __init__(self, client: RakutenClient) -> None:
        self._client = client
        self._left = UPLOADS_AN_OPERATION
        self._folder = ""

    async def locations(self, product: ProductRecord) -> dict[str, str] | Failed:
        """Where each picture of the product lies in the R-Cabinet, by its address.

        One that this installation may not fetch is left out. The outcome of the product instead, where a picture
        cannot be had or has only just been uploaded. Raises what stops every product of the shop.
        """
        account, fields = self._client.account, _shown(product)
        found = {url: at for url in fields if (at := mapping.cabinet_location(url, account.domain))}
        places = {url: names.picture_place(url) for url in fields if url not in found}
        held = await account.uploaded(list(places.values())) if places else {}
        age = SETTLING_SECONDS
        for url, place in places.items():
            if place in held:
                age = min(age, held[place].seconds_ago)
            else:
                if not self._left:
                    return uploading.under_way(NEXT_TURN_SECONDS)
                try:
                    problem = await self._upload(url, place, product.title)
                except FetchRefused as refused:
                    if refused.code == SWITCHED_OFF:
                        continue
                    return uploading.not_had(refused, fields[url])
                if problem is not None:
                    return Failed(replace(problem, field=fields[url]))
                age = 0.0
            found[url] = place
        return found if age >= SETTLING_SECONDS else uploading.under_way(SETTLING_SECONDS - age)

    async def _upload(self, url: str, place: str, title: str) -> Problem | None:
        """The picture is in our folder, or why Rakuten does not take it. Raises FetchRefused too."""
        self._left -= 1
        image = await self._client.account.picture(url, LIMITS)
        try:
            self._folder = self._folder or await cabinet.our_folder(self._client)
            problem = await cabinet.upload(self._client, image, folder_id=self._folder, place=place, name=title)
        except InDoubt as lost:
            # The same file again takes the place of one that may have arrived.
            raise Busy(lost.problem.code, lost.problem.original) from lost
        if problem is None:
            await self._client.account.keep_uploaded(place, url)
        return problem


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
