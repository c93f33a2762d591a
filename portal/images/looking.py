"""One look at an address, outside any transaction: what is there, as a state a merchant can act on."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass

from connectors.addresses import FetchRefused, Kind
from connectors.fetching import Fetch
from connectors.pictures import EVERYWHERE, Picture, PictureRefused, as_rgb_jpeg, inspect, problems
from portal.models.images import ImageState

_OF_KIND = {
    Kind.LOST: ImageState.LOST,
    Kind.UNSTABLE: ImageState.UNSTABLE,
    Kind.UNREACHABLE: ImageState.UNREACHABLE,
    Kind.UNFIT: ImageState.UNREADABLE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`code` is the fetch's or the picture's own word for a refusal, empty where a picture was read."""

    state: ImageState
    code: str = ""
    picture: Picture | None = None
    sha256: str = ""


async def look(fetch: Fetch, url: str) -> Finding:
    """What is at the address. Raises nothing that the address could bring about."""
    try:
        fetched = await fetch(url)
    except FetchRefused as refused:
        return Finding(state=_OF_KIND[refused.kind], code=refused.code)
    return await asyncio.to_thread(judge, fetched.content)


def judge(content: bytes) -> Finding:
    """What the bytes are, by the rules that hold wherever a merchant sells."""
    try:
        picture = inspect(content)
    except PictureRefused as refused:
        return Finding(state=_OF_KIND[refused.kind], code=refused.code)
    found = problems(picture, EVERYWHERE)
    state = ImageState(found[0]) if found else ImageState.OK
    return Finding(state=state, picture=picture, sha256=hashlib.sha256(content).hexdigest())


@dataclass(frozen=True, slots=True)
class Made:
    """A picture of ours, ready to be kept: the JPEG and what is in it."""

    content: bytes
    finding: Finding

    @property
    def picture(self) -> Picture:
        assert self.finding.picture is not None  # we have just written it
        return self.finding.picture


async def make(content: bytes) -> Made:
    """The picture as a plain RGB JPEG. Raises PictureRefused."""
    return await asyncio.to_thread(_make, content)


def _make(content: bytes) -> Made:
    jpeg = as_rgb_jpeg(content)
    return Made(jpeg, judge(jpeg))
