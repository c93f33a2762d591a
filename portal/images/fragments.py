"""A product's images with what is known of each, as a part that is fetched again by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.fetching import NO_SUCH_HOST
from portal.images import queries, wording
from portal.images.wording import Said
from portal.models.accounts import Role
from portal.models.catalog import Product
from portal.models.images import ImageCheck, ImageState, digest
from portal.web import Fragment, Visitor

_CONVERTED = frozenset({ImageState.NOT_RGB, ImageState.ANIMATED, ImageState.FORMAT})
_REPLACED = frozenset(ImageState) - {ImageState.OK, ImageState.UNCHECKED, ImageState.UNSTABLE}
_REMOVED = frozenset({ImageState.LOST, ImageState.UNREADABLE, ImageState.UNREACHABLE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One address of a product and what can be done about it. `key` names its controls.

    `unnamed` says that no site has the address's name: a slip of the pen, or a name service that is out.
    """

    key: str
    url: str
    alt: str
    said: Said
    state: ImageState
    unnamed: bool
    again_at: datetime | None

    @property
    def convert(self) -> bool:
        return self.state in _CONVERTED

    @property
    def replace(self) -> bool:
        return self.state in _REPLACED or self.unnamed

    @property
    def remove(self) -> bool:
        return self.state in _REMOVED or self.unnamed

    @property
    def opens(self) -> bool:
        """Whether the merchant may be sent there to see for themselves."""
        return self.state is ImageState.UNREACHABLE and self.url.startswith(("https://", "http://"))


async def part(
    session: AsyncSession, visitor: Visitor, product_id: UUID, errors: Mapping[str, str] | None = None
) -> Fragment:
    """The part for one product; `errors` say by address what was wrong with what was sent for it."""
    found = (await queries.places(session, [product_id]))[product_id]
    shown = {place.url: place.alt for place in reversed(found)}
    known = {check.url: check for check in await queries.checks(session, shown)}
    lines = [_line(url, shown[url], known.get(url)) for url in dict.fromkeys(place.url for place in found)]
    context = {"product_id": product_id, "lines": lines, "may_edit": visitor.may(Role.MANAGER), "errors": errors or {}}
    return Fragment(f"product-images-{product_id}", "images/_checks.html", context)


async def parts(session: AsyncSession, visitor: Visitor, ids: Sequence[UUID]) -> Sequence[Fragment]:
    known = await session.scalars(select(Product.id).where(Product.id.in_(ids)))
    return [await part(session, visitor, product_id) for product_id in known.all()]


def _line(url: str, alt: str, check: ImageCheck | None) -> Line:
    return Line(
        key=digest(url)[:16],
        url=url,
        alt=alt,
        said=wording.said(check),
        state=check.state if check else ImageState.UNCHECKED,
        unnamed=check is not None and check.code == NO_SUCH_HOST,
        again_at=check.next_check_at if check else None,
    )


FRAGMENTS = {"product-images": parts}
