"""Channel-neutral records: what the portal hands to a connector and what it gets back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from connectors.errors import Problem


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in the currency's minor unit (JPY 1200 is 1200, EUR 24.00 is 2400)."""

    minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class ImageRecord:
    url: str
    alt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantRecord:
    """`key` is our variant id. `option_values` align with the product's `option_names`.

    `quantity` is units to sell; None where stock is not tracked.
    """

    key: str
    option_values: tuple[str, ...]
    sku: str = ""
    barcode: str = ""
    price: Money
    compare_at: Money | None = None
    cost: Money | None = None
    quantity: int | None = None
    sell_when_out: bool = False
    requires_shipping: bool = True
    taxable: bool = True
    weight_grams: int | None = None
    image_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductRecord:
    """`key` is our product id, kept on the channel as the mark by which a look finds it again.

    A product without real options has no `option_names` and one variant with no `option_values`.
    `details` are what single channels ask for, by the names in their `Capabilities.details`.
    """

    key: str
    handle: str
    title: str
    description_html: str = ""
    vendor: str = ""
    product_type: str = ""
    tags: tuple[str, ...] = ()
    active: bool = True
    seo_title: str = ""
    seo_description: str = ""
    option_names: tuple[str, ...] = ()
    variants: tuple[VariantRecord, ...]
    images: tuple[ImageRecord, ...] = ()
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedItem:
    """A variant of ours and its twin on the channel. `stock_id` is what stock is set by."""

    key: str
    channel_id: str
    stock_id: str = ""


class Aspect(StrEnum):
    """A part of a product that can be brought up to date by itself. Quantities are in none: stock has its own call."""

    FIELDS = "fields"  # texts, vendor, type, tags, what search engines see, whether it is on sale
    VARIANTS = "variants"  # SKU, barcode, prices, weight of the variants there are
    SHAPE = "shape"  # options, which variants there are, images


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishItem:
    """One product to list. `channel_id` is empty for a first publish.

    `ours` says the channel's product was created by us, so a full write may replace it;
    otherwise only single fields are updated. `links` are the variants known on the channel.
    `changed` are the aspects that differ from what the channel accepted last: all where nobody knows.
    `requirements` is what the channel publishes about the product's kind (`protocol.Kinds`), None where it does not.
    """

    product: ProductRecord
    channel_id: str = ""
    ours: bool = True
    links: tuple[LinkedItem, ...] = ()
    changed: frozenset[Aspect] = frozenset(Aspect)
    requirements: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundItem:
    channel_id: str
    stock_id: str = ""
    sku: str = ""
    barcode: str = ""
    option_values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploaded:
    """The picture that lies in a channel's library since `seconds_ago`, by the address it was taken from."""

    url: str
    seconds_ago: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A product already on the channel. `matched_by` is mark, handle, sku or barcode.

    `mark` is the product key we left on it, empty where it carries none. `created_at` is None where it does not say.
    """

    channel_id: str
    handle: str
    title: str
    matched_by: str
    mark: str = ""
    url: str = ""
    items: tuple[FoundItem, ...] = ()
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What the channel holds after an accepted publish or update."""

    channel_id: str
    handle: str
    url: str = ""
    links: tuple[LinkedItem, ...] = ()


class Observed(StrEnum):
    """What the channel shows of a listing, as last read."""

    UNKNOWN = "unknown"
    PENDING = "pending"
    LIVE = "live"
    SUPPRESSED = "suppressed"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedItem:
    channel_id: str
    quantity: int | None = None
    price: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingState:
    """One listing as the channel shows it now. `warnings` do not stop it from selling.

    `gone` says more than ended: the channel knows no such listing.
    """

    channel_id: str
    observed: Observed
    gone: bool = False
    url: str = ""
    items: tuple[ObservedItem, ...] = ()
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StockChange:
    """Set the units to sell of `stock_id` to `quantity` if the channel still holds `expected`.

    `expected` None sets it whatever is there. `set_aside` is what an earlier set to nothing took from each of the
    channel's locations: it goes back there first.
    """

    key: str
    stock_id: str
    quantity: int
    expected: int | None = None
    set_aside: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StockSet:
    """The channel holds `quantity` now. `stale_actual` is set instead when the compare failed, whatever was found.

    `taken_from` is what each of the channel's locations held, where it keeps several and now holds nothing.
    """

    quantity: int
    stale_actual: int | None = None
    taken_from: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceChange:
    """New prices of the variants of one listing; key, channel id, price and compare-at each."""

    listing_channel_id: str
    prices: tuple[tuple[str, str, Money, Money | None], ...]


W = TypeVar("W")


@dataclass(frozen=True, slots=True, kw_only=True)
class SentItem(Generic[W]):
    """Work on its way: what was sent, and the reference it is asked after with."""

    item: W
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductKind:
    """A kind of product as the channel knows it: `name` in its calls, `label` for people."""

    name: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogMatch:
    """An item of the channel's own catalog to which a merchant may add an offer. `code` is what it was met by."""

    channel_ref: str
    title: str
    code: str = ""
    brand: str = ""
    image_url: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRow:
    """One SKU in a channel's own report. `status` is the channel's word; None and empty are what the report lacks.

    `on_sale` is whether buyers can buy it, where that word says so.
    """

    sku: str
    title: str = ""
    channel_ref: str = ""
    barcode: str = ""
    price: Money | None = None
    quantity: int | None = None
    status: str = ""
    on_sale: bool | None = None
    fulfilled_by_channel: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Which account a credential belongs to. `external_id` never changes for one account.

    `access_ends_at` is when the merchant has to give us new keys, where the channel says so.
    """

    external_id: str
    name: str
    domain: str = ""
    currency: str = ""
    scopes: tuple[str, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    access_ends_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Secrets of one connection, in clear only in memory. `expires_at` None never expires.

    `others` are secrets by name, for a channel that wants more than a token.
    """

    access_token: str
    refresh_token: str = ""
    expires_at: datetime | None = None
    refresh_expires_at: datetime | None = None
    scopes: tuple[str, ...] = ()
    others: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return "Credentials(…)"


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundEvent:
    """A verified webhook. `delivery_id` repeats on the channel's retries of one delivery.

    `gathers`: events like it come many at a time and none is urgent, so they are worked on together.
    """

    topic: str
    account_domain: str
    delivery_id: str
    event_id: str
    body: bytes
    triggered_at: datetime | None = None
    gathers: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketReading:
    """What an answer says of the bucket its call was paid from, in the bucket's points.

    `unused` of what was paid flows back; `available` and `maximum` are as the channel counts.
    """

    bucket: str
    unused: float
    available: float
    maximum: float
    restore_per_second: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One call and its answer for support, secrets and buyers' data already masked.

    `reading` is None where the answer says nothing of a bucket.
    """

    operation: str
    method: str
    url: str
    status: int | None
    request_body: str
    response_body: str
    started_at: datetime
    seconds: float
    channel_request_id: str = ""
    reading: BucketReading | None = None


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Done(Generic[T]):
    value: T


@dataclass(frozen=True, slots=True)
class Failed:
    """`retry_after_seconds` is when a busy one is tried again, None where nobody knows: then the waits grow."""

    problem: Problem
    retry_after_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """Taken, and still worked on there: `reference` is what the channel calls the work that goes on.

    It is asked after with `Connector.look`: after `look_after_seconds` where the channel's pace is known, else after
    waits that grow. When it is not finished after `patience_seconds`, nobody knows any more what became of it.
    """

    reference: str
    patience_seconds: float
    look_after_seconds: float | None = None


Outcome = Done[T] | Failed | Sent
