"""Pictures to look at, and a web that holds them."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

from connectors.fetching import Fetched, FetchRefused, Kind


def picture(form: str = "JPEG", *, mode: str = "RGB", size: tuple[int, int] = (800, 600), **options: Any) -> bytes:
    target = io.BytesIO()
    Image.new(mode, size).save(target, form, **options)
    return target.getvalue()


class Web:
    """What is at each address: bytes, or a refusal. `asked` are the addresses that were fetched, in order."""

    def __init__(self, **at: bytes | FetchRefused) -> None:
        self.at: dict[str, bytes | FetchRefused] = {address(name): thing for name, thing in at.items()}
        self.asked: list[str] = []

    async def fetch(self, url: str) -> Fetched:
        self.asked.append(url)
        found = self.at.get(url, FetchRefused(Kind.LOST, "http_404"))
        if isinstance(found, FetchRefused):
            raise found
        return Fetched(content=found, content_type="image/jpeg", url=url)


def address(name: str) -> str:
    return f"https://pictures.example/{name}.jpg"
