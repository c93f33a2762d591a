"""Gives Yahoo! the pictures of items. The name of a file says which item it is for, and where it stands there.

https://developer.yahoo.co.jp/webapi/shopping/uploadItemImage.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from connectors.errors import Problem
from connectors.pictures import Limits
from connectors.records import Failed, ProductRecord
from connectors.uploading import Uploads, Wanted
from connectors.yahoo import errors, mapping
from connectors.yahoo.client import UPLOAD, YahooClient

# One main image and twenty of details, of two megabytes.
IMAGES_LIMIT = 21
LIMITS = Limits(largest_bytes=2 * 1024 * 1024)
# A picture is linked to its item some two seconds later, as measured by a public client.
SETTLING_SECONDS = 2.0


class Pictures:
    """The pictures of one operation's items."""

    def __init__(self, shop: YahooClient) -> None:
        self._shop = shop
        self._uploads = Uploads(shop.account, self._upload, limits=LIMITS, settling_seconds=SETTLING_SECONDS)

    async def put(self, code: str, product: ProductRecord) -> Sequence[str] | Failed:
        """Yahoo! holds every picture of the item: the addresses the item has to name. Or the product's outcome.

        Pictures that all lie at Yahoo! are named. With one that does not, all are uploaded and none is named: only
        names of files put both kinds in one order. What an item showed beyond them stays, as no call takes it away.
        """
        shown = product.images[:IMAGES_LIMIT]
        there_already = mapping.library_urls(product)[:IMAGES_LIMIT]
        if len(there_already) == len(shown):
            return there_already
        wanted = {
            _place(code, number): Wanted(image.url, f"/images/{number}", "") for number, image in enumerate(shown)
        }
        there = await self._uploads.put(wanted)
        if isinstance(there, Failed):
            return there
        return () if there else there_already

    async def _upload(self, place: str, image: bytes, _name: str) -> Problem | None:
        return await upload(self._shop, image, name=place)


def _place(code: str, number: int) -> str:
    """0 is the main picture, 1 to 20 those of details."""
    return f"{code}_{number}.jpg" if number else f"{code}.jpg"


async def upload(shop: YahooClient, content: bytes, *, name: str) -> Problem | None:
    """Yahoo! holds the JPEG in the place its name says, or why it does not take it; buyers see it after a publish.

    Raises Busy when the hour's ten thousand are used up, InDoubt when no answer came.
    """
    body, content_type = _multipart(name, content)
    reply = await shop.upload(UPLOAD, body, content_type)
    return errors.problem_of(reply.refusals, request_id=reply.request_id) if reply.refusals else None


def _multipart(name: str, content: bytes) -> tuple[bytes, str]:
    """The form with the file, and its content type. The boundary is made of the content, so it cannot be in it."""
    boundary = hashlib.sha256(content).hexdigest()
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
    body = f"{head}Content-Type: image/jpeg\r\n\r\n".encode() + content + f"\r\n--{boundary}--\r\n".encode()
    return body, f"multipart/form-data; boundary={boundary}"
