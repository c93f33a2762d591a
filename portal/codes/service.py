"""Making codes of the merchant's own GS1 prefix, and giving them to variants.

Whoever makes or gives holds the merchant's row, so that two at once never make or give the same code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from connectors import gtin
from portal import db
from portal.catalog import changes
from portal.clock import new_id
from portal.codes import queries
from portal.codes.forms import Wanted
from portal.errors import FormInvalid
from portal.i18n import _
from portal.models.accounts import Merchant
from portal.models.catalog import Product, Variant
from portal.models.codes import CodePrefix, IssuedCode

# So many numbers are tried by one statement, and so many variants get a code by one press.
TRIED_AT_ONCE: Final = 5000
GIVEN_AT_ONCE: Final = 1000


async def generate(session: AsyncSession, merchant_id: UUID, wanted: Wanted, *, now: datetime) -> int:
    """That many new codes of the prefix are free, or as many as it has left; how many.

    Numbers that are on a variant or were made before are passed over. Raises FormInvalid where none is left.
    """
    await _alone(session, merchant_id)
    prefix = await _prefix(session, merchant_id, wanted.prefix, now)
    item = prefix.next_item if wanted.start is None else wanted.start
    made = 0
    while made < wanted.count and item < gtin.room(prefix.prefix):
        end = min(item + TRIED_AT_ONCE, gtin.room(prefix.prefix))
        fresh = await _fresh(session, {gtin.numbered(prefix.prefix, one): one for one in range(item, end)})
        chosen = dict(list(fresh.items())[: wanted.count - made])
        await _issue(session, prefix, list(chosen), now)
        made += len(chosen)
        item = max(chosen.values()) + 1 if made == wanted.count else end
    prefix.next_item, prefix.used_at = max(item, prefix.next_item), now
    if not made:
        raise FormInvalid({"start" if wanted.start else "prefix": _exhausted(wanted)})
    await session.flush()
    db.changed(session, merchant_id, "codes")
    return made


def _exhausted(wanted: Wanted) -> str:
    said = {"prefix": wanted.prefix, "start": wanted.start}
    if wanted.start:
        return _("Every number of %(prefix)s from %(start)s on is used. Start lower, or enter another prefix.") % said
    return _("Every number of %(prefix)s is used. Ask GS1 for another prefix and enter it here.") % said


async def _alone(session: AsyncSession, merchant_id: UUID) -> None:
    """Nobody else makes or gives codes of this merchant until this transaction is over."""
    await session.execute(select(Merchant.id).where(Merchant.id == merchant_id).with_for_update(key_share=True))


async def _prefix(session: AsyncSession, merchant_id: UUID, prefix: str, now: datetime) -> CodePrefix:
    found = await session.scalar(select(CodePrefix).where(CodePrefix.prefix == prefix))
    if found is None:
        found = CodePrefix(id=new_id(), merchant_id=merchant_id, prefix=prefix, next_item=0, used_at=now)
        session.add(found)
        await session.flush()
    return found


async def _fresh(session: AsyncSession, items: dict[str, int]) -> dict[str, int]:
    """Those of the codes that were never made and are on no variant, in whatever length."""
    issued = set(await session.scalars(select(IssuedCode.code).where(IssuedCode.code.in_(items))))
    spelled = [one for code in items for one in gtin.spellings(code)]
    worn: set[str] = set()
    for start in range(0, len(spelled), TRIED_AT_ONCE):
        some = Variant.barcode.in_(spelled[start : start + TRIED_AT_ONCE])
        worn |= {gtin.whole(code)[1:] for code in await session.scalars(select(Variant.barcode).where(some))}
    return {code: item for code, item in items.items() if code not in issued and code not in worn}


async def _issue(session: AsyncSession, prefix: CodePrefix, codes: Sequence[str], now: datetime) -> None:
    rows = [
        {"id": new_id(), "merchant_id": prefix.merchant_id, "prefix_id": prefix.id, "code": code, "created_at": now}
        for code in codes
    ]
    if rows:
        await session.execute(insert(IssuedCode), rows)


@dataclass(frozen=True, slots=True)
class Given:
    """`left` are the variants without a code that got none yet."""

    variants: int
    left: int


async def give_to_all(session: AsyncSession, merchant_id: UUID, *, made_by: str, now: datetime) -> Given:
    """Variants without a barcode get free codes, the oldest products first, up to a thousand of them."""
    await _alone(session, merchant_id)
    lacking = await queries.lacking(session)
    wanted = list(await session.scalars(queries.without_code(Variant.product_id).limit(GIVEN_AT_ONCE)))
    products = await _locked(session, wanted)
    variants = [one for product in products for one in product.variants if not one.barcode]
    given = await _give(session, products, variants[:GIVEN_AT_ONCE], made_by=made_by, now=now)
    return Given(given, lacking.variants - given)


async def give_to_product(
    session: AsyncSession, merchant_id: UUID, product_id: UUID, *, instead: bool, made_by: str, now: datetime
) -> int:
    """The product's variants without a barcode get free codes, or all of them `instead` of what they have; how many.

    All or none: where there are too few, nobody gets one.
    """
    await _alone(session, merchant_id)
    products = await _locked(session, [product_id])
    wanted = [one for product in products for one in product.variants if instead or not one.barcode]
    if len(wanted) > (await queries.counts(session)).free:
        return 0
    return await _give(session, products, wanted, made_by=made_by, now=now)


async def _locked(session: AsyncSession, product_ids: Sequence[UUID]) -> Sequence[Product]:
    """The products with their variants, which nobody else changes meanwhile."""
    query = select(Product).where(Product.id.in_(product_ids)).order_by(Product.id).with_for_update()
    query = query.options(selectinload(Product.variants)).execution_options(populate_existing=True)
    return (await session.scalars(query)).all()


async def _give(
    session: AsyncSession, products: Sequence[Product], variants: Sequence[Variant], *, made_by: str, now: datetime
) -> int:
    """Free codes on these variants of the products, as far as there are any; how many."""
    codes = list(await session.scalars(queries.free(len(variants))))
    touched: set[UUID] = set()
    for variant, code in zip(variants, codes, strict=False):
        variant.barcode, code.given_to, code.given_at = code.code, variant.id, now
        touched.add(variant.product_id)
    changed = [product for product in products if product.id in touched]
    for product in changed:
        changes.stamp(product, product.variants, {"barcode"}, made_by=made_by, now=now)
    await session.flush()
    if changed:
        merchant_id = changed[0].merchant_id
        await changes.announce(session, merchant_id, [product.id for product in changed], now=now)
        db.changed(session, merchant_id, "codes")
    return len(codes)
