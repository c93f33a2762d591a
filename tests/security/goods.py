"""One thing of every kind that a merchant can own, each word of it carrying the merchant's mark."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors import locations
from connectors.locations import Location
from connectors.records import Credentials, Observed
from portal.accounts.links import token_hash
from portal.clock import new_id
from portal.connections import secrets
from portal.imports import service as imports
from portal.imports import storing
from portal.models.accounts import AuditEntry, Invitation, Member, Merchant, Role, User
from portal.models.catalog import Product, ProductImage, ProductStatus, Variant
from portal.models.codes import CodePrefix, IssuedCode
from portal.models.connections import Connection, ConnectionState, ExchangeEntry, KindRules
from portal.models.images import ImageCheck, KeptPicture, UploadedPicture, digest
from portal.models.imports import Import, ImportProblem
from portal.models.inbox import Decision, InboxItem
from portal.models.listings import LastAttempt, Listing, ListingItem
from portal.models.orders import OrderReturn, UnreadOrder
from portal.models.reports import ChannelReport, ChannelReportRow, ReportState, UploadRecord, Verdict
from portal.models.rules import RoutingRule
from portal.models.stock import Movement, Repair
from portal.models.webhooks import Delivery
from portal.runtime import Runtime
from portal.tasks import kinds
from portal.tasks import service as tasks
from tests.security.order_goods import a_line, an_order, of_an_order

LOCATION = "gid://shopify/Location/1"


async def goods_of(runtime: Runtime, merchant: Merchant, owner: User, mark: str) -> dict[str, list[UUID]]:
    """The goods are committed; their ids by the route parameter they fit."""
    connection = _connection(runtime, merchant, mark)
    product, variant = _product(merchant, mark), _variant(merchant, mark)
    other, other_variant = _product(merchant, f"second-{mark}"), _variant(merchant, f"second-{mark}")
    variant.product_id, other_variant.product_id = product.id, other.id
    image = ProductImage(merchant_id=merchant.id, product_id=product.id, position=0, url=f"https://example.com/{mark}")
    listing = _listing(merchant, product, connection, mark)
    decision = Decision(
        merchant_id=merchant.id, id=new_id(), verb="done", undo_until=runtime.clock() + timedelta(hours=1), before=[]
    )
    item = InboxItem(id=new_id(), merchant_id=merchant.id, product_id=product.id)
    second = InboxItem(id=new_id(), merchant_id=merchant.id, product_id=other.id)
    invitation = _invitation(runtime, merchant, owner, mark)
    rule = RoutingRule(id=new_id(), merchant_id=merchant.id, position=0, name=f"Rule {mark}")
    rule.conditions, rule.then, rule.otherwise = [["sku", "is", f"SKU-{mark}"]], [["tag", f"Tag {mark}"]], []
    async with runtime.sessions.write(merchant.id) as session:
        session.add_all([connection, product, other, decision, invitation, rule])
        await session.flush()
        session.add_all([variant, other_variant, image, item, second, listing])
        await session.flush()
        session.add_all(_traces(runtime, merchant, connection, listing, variant, mark))
        await session.flush()
        session.add_all(await _report(session, runtime, connection, listing, variant, mark))
        session.add(order := an_order(runtime, connection, mark))
        await session.flush()
        session.add(line := a_line(order, variant, mark))
        await session.flush()
        session.add_all(of_an_order(runtime, order, line, variant, other_variant, mark))
        await session.flush()
        kind = kinds.PUBLISH
        await tasks.enqueue(
            session,
            kind,
            [str(listing.id)],
            merchant_id=merchant.id,
            connection_id=connection.id,
            now=runtime.clock(),
        )
    record = await _import(runtime, merchant, owner, mark)
    async with runtime.sessions.read(merchant.id) as session:
        members = list(await session.scalars(select(Member.id)))
        returns = list(await session.scalars(select(OrderReturn.id)))
        unread = list(await session.scalars(select(UnreadOrder.id)))
    return {
        "merchant_id": [merchant.id],
        "product_id": [product.id, other.id],
        "variant_id": [variant.id],
        "connection_id": [connection.id],
        "listing_id": [listing.id],
        "item_id": [item.id, second.id],
        "decision_id": [decision.id],
        "import_id": [record],
        "member_id": members,
        "invitation_id": [invitation.id],
        "order_id": [order.id],
        "line_id": [line.id],
        "return_id": returns,
        "unread_id": unread,
        "rule_id": [rule.id],
    }


def _connection(runtime: Runtime, merchant: Merchant, mark: str) -> Connection:
    row = Connection(
        id=new_id(),
        merchant_id=merchant.id,
        channel="shopify",
        practice=True,
        state=ConnectionState.ACTIVE,
        external_id=f"gid://shopify/Shop/{mark}",
        external_name=f"Store {mark}",
        domain=f"{mark.lower()}.myshopify.com",
        currency=merchant.currency,
        settings=locations.first_choice([Location(id=LOCATION, name=f"Location {mark}")], LOCATION),
    )
    row.secrets = secrets.seal(runtime.vault, row, Credentials(access_token=f"shpat_{mark}planted"))
    return row


def _product(merchant: Merchant, mark: str) -> Product:
    return Product(
        id=new_id(),
        merchant_id=merchant.id,
        handle=f"handle-{mark.lower()}",
        title=f"Title {mark}",
        description_html=f"<p>Description {mark}</p>",
        vendor=f"Vendor {mark}",
        product_type=f"Type {mark}",
        tags=[f"tag-{mark}"],
        option_names=[f"Option {mark}"],
        status=ProductStatus.ACTIVE,
        search_text=f"title {mark.lower()}",
        extra={f"column {mark}": f"value {mark}"},
        updated_by=f"Person {mark}",
    )


def _variant(merchant: Merchant, mark: str) -> Variant:
    values = {
        "position": 1,
        "sku": f"SKU-{mark}",
        "price_minor": 1000,
        "on_hand": 5,
        "option_values": [f"Value {mark}"],
    }
    return Variant(id=new_id(), merchant_id=merchant.id, **values)


def _listing(merchant: Merchant, product: Product, connection: Connection, mark: str) -> Listing:
    problem = {
        "problem_class": "data",
        "code": "TOO_LONG",
        "original": f"Refused, said the channel of {mark}",
        "original_lang": "en",
        "field": "/title",
        "recommended": "",
        "channel_request_id": f"request-{mark}",
        "message": "",
    }
    return Listing(
        id=new_id(),
        merchant_id=merchant.id,
        product_id=product.id,
        connection_id=connection.id,
        attempt=LastAttempt.REJECTED,
        observed=Observed.LIVE,
        channel_id=f"gid://shopify/Product/{mark}",
        url=f"https://{mark.lower()}.myshopify.com/products/x",
        problem=problem,
        problem_count=1,
    )


def _invitation(runtime: Runtime, merchant: Merchant, owner: User, mark: str) -> Invitation:
    return Invitation(
        id=new_id(),
        merchant_id=merchant.id,
        email=f"invited-{mark.lower()}@example.com",
        role=Role.MANAGER,
        token_hash=token_hash(f"invitation of {mark}"),
        invited_by=owner.id,
        expires_at=runtime.clock() + timedelta(days=7),
    )


def _traces(
    runtime: Runtime, merchant: Merchant, connection: Connection, listing: Listing, variant: Variant, mark: str
) -> list[Any]:
    """What comes along with the work."""
    prefix = CodePrefix(id=new_id(), merchant_id=merchant.id, prefix="95060001", used_at=runtime.clock())
    return [
        prefix,
        IssuedCode(merchant_id=merchant.id, prefix_id=prefix.id, code=f"code {mark}"[:13], given_to=variant.id),
        ListingItem(
            merchant_id=merchant.id,
            listing_id=listing.id,
            connection_id=connection.id,
            variant_id=variant.id,
            channel_id=f"gid://shopify/ProductVariant/{mark}",
        ),
        Movement(merchant_id=merchant.id, variant_id=variant.id, quantity=5, cause="manual", cause_id=mark),
        Repair(
            merchant_id=merchant.id,
            connection_id=connection.id,
            variant_id=variant.id,
            found=9,
            found_at=runtime.clock(),
            due=5,
            reason=f"reason {mark}"[:32],
        ),
        ImageCheck(
            merchant_id=merchant.id, url=f"https://example.com/{mark}", url_digest=digest(f"https://example.com/{mark}")
        ),
        KeptPicture(
            merchant_id=merchant.id, token=f"token-{mark}", sha256="0" * 64, width=1, height=1, content=mark.encode()
        ),
        UploadedPicture(
            merchant_id=merchant.id,
            connection_id=connection.id,
            place=f"/crossdock/{mark}.jpg",
            url=f"https://example.com/{mark}",
            uploaded_at=runtime.clock(),
        ),
        KindRules(
            merchant_id=merchant.id,
            connection_id=connection.id,
            name=f"kind {mark}",
            document={"said": f"rules {mark}"},
            read_at=runtime.clock(),
        ),
        ExchangeEntry(
            merchant_id=merchant.id,
            connection_id=connection.id,
            operation=f"operation {mark}",
            method="POST",
            url=f"https://example.com/{mark}",
            status=200,
            request_body=f"asked {mark}",
            response_body=f"answered {mark}",
            seconds=0.1,
        ),
        Delivery(
            merchant_id=merchant.id,
            connection_id=connection.id,
            topic="products/update",
            delivery_id=f"delivery-{mark}",
            body=b"",
            handled_at=runtime.clock(),
        ),
        AuditEntry(merchant_id=merchant.id, act="test", subject=mark),
    ]


async def _report(
    session: AsyncSession, runtime: Runtime, connection: Connection, listing: Listing, variant: Variant, mark: str
) -> list[Any]:
    """What the channel itself says of the listing, and what it was sent as."""
    owner, now = {"merchant_id": connection.merchant_id}, runtime.clock()
    of_connection = {**owner, "connection_id": connection.id}
    report = ChannelReport(id=new_id(), **of_connection, state=ReportState.READY, asked_at=now, row_count=1)
    session.add(report)
    await session.flush()
    known = {"variant_id": variant.id, "sku": variant.sku, "title": f"Reported {mark}"}
    row = ChannelReportRow(**owner, **known, report_id=report.id, verdict=Verdict.DIFFERS, listing_id=listing.id)
    row.search_text, row.status = f"reported {mark.lower()}", f"Status {mark}"
    return [row, UploadRecord(**of_connection, **known, product_id=variant.product_id, sent_at=now)]


async def _import(runtime: Runtime, merchant: Merchant, owner: User, mark: str) -> UUID:
    """An uploaded file with a row that arrives and one that does not."""
    import_id, folder = new_id(), imports.folder(runtime.settings.data_dir)
    folder.mkdir(parents=True, exist_ok=True)
    body = f"Handle,Title,Variant SKU,Variant Price\nfile-{mark},File {mark},F-{mark},10.00\n,,,\nbad-{mark},,,x\n"
    (folder / str(import_id)).write_text(body)
    tried = await storing.try_out(folder / str(import_id), merchant.currency)
    record = Import(
        id=import_id,
        merchant_id=merchant.id,
        filename=f"{mark}.csv",
        stored_as=str(import_id),
        size=len(body),
        made_by=owner.id,
    )
    imports.describe(record, tried.table, tried.mapping, tried.counts)
    problem = ImportProblem(
        merchant_id=merchant.id, import_id=import_id, row=4, code="x", message=f"Problem {mark}", severity="row"
    )
    async with runtime.sessions.write(merchant.id) as session:
        session.add(record)
        await session.flush()
        session.add(problem)
    return import_id
