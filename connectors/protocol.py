"""What callers may rely on from every channel, and what a channel may rely on from us."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from connectors.errors import Problem
from connectors.limits import Rate
from connectors.orders import (
    OrderPage,
    OrderRecord,
    OrderToCancel,
    ParcelToTell,
    StoreDraft,
    StoreOrder,
)
from connectors.pictures import Limits, Rules
from connectors.records import (
    CatalogMatch,
    Credentials,
    Exchange,
    Found,
    Identity,
    InboundEvent,
    ListingState,
    Outcome,
    PriceChange,
    ProductKind,
    ProductRecord,
    Published,
    PublishItem,
    ReportRow,
    SentItem,
    StockChange,
    StockSet,
    Uploaded,
)

Keep = Callable[[Exchange], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Key:
    """One thing a merchant copies from the channel to let us in. What is not `secret` may be shown again.

    What `stays` is the same for as long as the account is: it is not asked for again when the others are renewed.
    """

    name: str
    secret: bool = True
    stays: bool = False


@dataclass(frozen=True, slots=True)
class Detail:
    """Something a product needs for one channel alone. What is not `required` is asked of some products only.

    `name` is its own among all channels' details. It also names a form's control, so it must be no property of a form
    ("attributes" would hide the form's own). `lines` says that it may be several lines.
    """

    name: str
    required: bool = True
    lines: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a channel can and cannot do; every screen reads it from here.

    Batch sizes count items a call. `title_limit` is in `title_unit` (see connectors.measures).
    `connect_methods` are "oauth" (a consent page) and "token" (`keys` pasted into a form of ours).
    `details` are what a product needs for this channel alone (`ProductRecord.details`); `kind_detail` names the one
    that says which kind of product it is, where the channel has `Kinds`. `live_within_seconds` is how long an accepted
    listing may take until buyers see it. New `keys` may be refused for `keys_work_within_seconds`; 0 where they work at
    once. Where it `accepts_orders`, an order waits there until the shop says that it takes it. Where it keeps stock at
    several `locations`, what it sells is the sum of those that count (connectors.locations).
    `returns` is "heard" where the channel says what buyers sent back (`OrderLine.returned`), and "not_told" where apps
    hear nothing of it. No channel takes the word of an app that something came back.

    `codes` says what becomes of product codes there: "any" (kept as typed), "valid" (none, or a GTIN that is one), or
    "matched": the channel joins products to its own catalog by them, so that each has a GTIN of its own. There
    `exemption_detail` and `item_detail` name the details that make a code needless: the channel's exemption, and the
    catalog's item that is sold on. Where `keeps_mark` is false
    there is no field for our key, so what we made and never heard of is met as a stranger's.
    """

    name: str
    is_store: bool
    publish_batch: int
    update_batch: int
    stock_batch: int
    price_batch: int
    read_batch: int
    title_limit: int
    title_unit: str
    images_limit: int
    images: Rules
    variants_limit: int
    options_limit: int
    needs_sku: bool
    codes: str
    webhooks: bool
    takes_offers: bool
    cancels: str
    refunds: str
    returns: str
    labels: str
    fraud_level: bool
    compare_and_set_stock: bool
    connect_methods: tuple[str, ...]
    keeps_mark: bool = True
    keys: tuple[Key, ...] = ()
    keys_work_within_seconds: int = 0
    details: tuple[Detail, ...] = ()
    kind_detail: str = ""
    exemption_detail: str = ""
    item_detail: str = ""
    live_within_seconds: int = 600
    accepts_orders: bool = False
    locations: bool = False


class KeysRefused(Exception):
    """What was typed for one of the channel's keys cannot be one; the text is a sentence for the merchant."""

    def __init__(self, key: str, sentence: str) -> None:
        self.key = key
        super().__init__(sentence)


class Account(Protocol):
    """One connection as a connector sees it. Implemented by us, never by a connector."""

    @property
    def domain(self) -> str:
        """The account's name at the channel (at Shopify its host name), as stored and already checked."""

    @property
    def base_url(self) -> str:
        """Scheme, host and port to call: the real host, or the practice channel's."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """What `identify` put in `Identity.settings`, with what the merchant chose of it (connectors.locations)."""

    @property
    def currency(self) -> str:
        """ISO 4217 code of the account's currency."""

    async def credentials(self) -> Credentials:
        """Credentials good for now, renewed first (single flight) when about to expire.

        Raises PermissionLost when they cannot be renewed.
        """

    async def take_slot(self, bucket: str, cost: float, *, published: Rate | None = None) -> None:
        """Pay `cost` from the account's bucket, waiting a little for it. Raises Busy where it would be long.

        A bucket no answer has told of yet is a full one of the `published` rate, or without limits where there is none.
        """

    async def keep_exchange(self, exchange: Exchange) -> None:
        """Keep a masked exchange for support, and hold the bucket to its reading."""

    async def picture(self, url: str, limits: Limits) -> bytes:
        """The picture at an address of the product as an RGB JPEG within the limits.

        Raises FetchRefused: LOST and UNFIT until the merchant acts, UNSTABLE for the moment; its code is
        fetching.SWITCHED_OFF where this installation opens no addresses.
        """

    async def uploaded(self, places: Sequence[str]) -> Mapping[str, Uploaded]:
        """What we put into the account's library, by its name there; a name we never used is left out."""

    async def keep_uploaded(self, place: str, url: str) -> None:
        """The picture from the address lies there under that name as of now, in the place of any other."""


class Kinds(Protocol):
    """What a channel publishes about each kind of product: the rules a listing of that kind must keep."""

    async def search(self, account: Account, words: str) -> list[ProductKind]:
        """Kinds that fit a product's title or a few words, best first; all there are for no words."""

    async def requirements(self, account: Account, names: Sequence[str]) -> list[Outcome[Mapping[str, Any]]]:
        """For each kind a JSON document to keep for a week, and to hand to a publish and to `registry.UNMET`."""


class Offers(Protocol):
    """Selling an item that the channel's catalog has already."""

    detail: str
    """The product's detail that holds the `CatalogMatch.channel_ref` chosen."""
    kind: str
    """What `Capabilities.kind_detail` says of a product that is only an offer; empty where there are no kinds."""

    async def search(self, account: Account, codes: Sequence[str]) -> list[CatalogMatch]:
        """Items of the catalog with these product codes (UPC, EAN, JAN, GTIN) or channel refs, 20 at most."""

    async def restrictions(self, account: Account, channel_ref: str) -> list[Problem]:
        """Why the merchant may not sell it; empty when free to."""

    async def leave(self, account: Account, channel_ids: Sequence[str]) -> list[Outcome[None]]:
        """These listings of ours (variants' before their parents') are deleted, so that nothing joins them to an item.

        The channel may go on showing one for a while: a read says when it is gone. What is gone counts as done.
        """


class Reports(Protocol):
    """The channel's own word on all that is listed there, made on request."""

    async def request(self, account: Account) -> str:
        """Asks for a report of all listings with price and stock; the reference to fetch it with."""

    async def fetch(self, account: Account, reference: str) -> Outcome[Sequence[ReportRow]]:
        """The report's rows; `Sent` while it is made, `Failed` when it came to nothing."""


class Orders(Protocol):
    """What was bought at a channel. An order that a marketplace ships itself is told of like any other."""

    carriers: Mapping[str, str]
    """The channel's code of each carrier in connectors.carriers that it knows; "other" for any else."""

    async def changed(self, account: Account, since: datetime, page: str = "") -> OrderPage:
        """Orders made or changed at or after `since`, page by page; others may be among them, none may be missing.

        One that cannot be read or understood holds back no other: it is in the page's `unread`, with why. Raised is
        what is about any call.
        """

    async def read(self, account: Account, channel_ids: Sequence[str]) -> list[Outcome[OrderRecord | None]]:
        """These orders in the order asked; None for one that the channel does not know.

        One that fails of itself (class data or ours) holds back no other.
        """

    async def find(self, account: Account, number: str) -> OrderRecord | None:
        """The order people call by this number (or id) at the channel, in whatever state."""

    def heard(self, account: Account, topic: str, body: Mapping[str, Any]) -> OrderRecord | None:
        """The order that a verified webhook's body tells of whole; None for another topic, or where it must be read."""

    async def placed(self, account: Account, start: datetime, end: datetime) -> Sequence[str]:
        """The ids of all orders placed from `start` until before `end`, in every state: what a statement counts."""

    async def accept(self, account: Account, channel_ids: Sequence[str]) -> list[Outcome[None]]:
        """These orders, told of with `to_accept`, are accepted; what is further on already counts as done."""

    async def tell_shipped(self, account: Account, parcels: Sequence[ParcelToTell]) -> list[Outcome[str]]:
        """Each parcel is on its order, once however often it is told; what the channel calls it there.

        Nothing is told to a store, where the parcels come from: raises OurFault.
        """

    async def cancel(self, account: Account, orders: Sequence[OrderToCancel]) -> list[Outcome[None]]:
        """Each order is cancelled; one that was already counts as done. May answer `Sent` (see Connector.look)."""


class Store(Protocol):
    """A channel that is the merchant's own store, where marketplaces' orders are created and fulfilled."""

    async def find_order(self, account: Account, reference: str) -> StoreOrder | None:
        """The order that carries our reference. May lag a recent write by some seconds."""

    async def create_order(self, account: Account, draft: StoreDraft) -> Outcome[StoreOrder]:
        """Creates it, whatever is there already: look first. Not heard of again is raised as in doubt."""


class Connector(Protocol):
    """One channel. Stateless: everything about an account comes through `Account`.

    Batch operations answer one outcome per item, in the order of the items; an
    error of the call as a whole is raised (connectors.errors). Every
    operation may be repeated: doing it twice leaves the channel as doing it once.
    Only publish, update, set_stock, set_prices, look and `Orders.cancel` may answer `Sent`.
    """

    capabilities: Capabilities
    kinds: Kinds | None
    offers: Offers | None
    reports: Reports | None
    orders: Orders | None
    store: Store | None

    def account_domain(self, text: str) -> str:
        """The account's name from what a merchant types. Raises ValueError with a sentence for them."""

    def base_url(self, domain: str, *, practice_root: str = "") -> str:
        """Scheme, host and port (and path, at a practice server) of the account's API."""

    def credentials_of(self, keys: Mapping[str, str]) -> Credentials:
        """The credentials that the pasted `Capabilities.keys` make. Raises KeysRefused. Nothing is called."""

    async def identify(self, account: Account) -> Identity:
        """Which account these credentials open, with its granted scopes and default settings."""

    async def find(self, account: Account, products: Sequence[ProductRecord]) -> list[Outcome[Found | None]]:
        """The product already there, by our mark, then handle, SKU, barcode. May lag a recent write."""

    async def publish(self, account: Account, items: Sequence[PublishItem]) -> list[Outcome[Published]]:
        """List each product (visible to buyers when it is active) and mark it with our key.

        A first publish never overwrites: a handle in use is refused with code HANDLE_NOT_UNIQUE.
        Quantities are sent with a create only.
        """

    async def update(self, account: Account, items: Sequence[PublishItem]) -> list[Outcome[Published]]:
        """Bring a listed product up to date: a full write where `ours`, single fields where linked."""

    async def look(self, account: Account, sent: Sequence[SentItem[Any]]) -> list[Outcome[Any]]:
        """What became of work that ended `Sent`, as its own operation says it; `Sent` again while it goes on.

        All is of one operation. A look that comes to nothing is raised, and loses nothing.
        """

    async def end(self, account: Account, channel_ids: Sequence[str]) -> list[Outcome[None]]:
        """Take off sale without deleting. Already ended, or gone, counts as done."""

    async def set_stock(
        self, account: Account, changes: Sequence[StockChange], *, idempotency_key: str
    ) -> list[Outcome[StockSet]]:
        """Set absolute quantities. The same key replays the same call and nothing else."""

    async def set_prices(self, account: Account, changes: Sequence[PriceChange]) -> list[Outcome[None]]:
        """Set prices of listed variants, one outcome per listing."""

    async def read_states(self, account: Account, channel_ids: Sequence[str]) -> list[Outcome[ListingState]]:
        """What the channel shows now, in the order asked. Gone is `ended`."""

    async def subscribe(self, account: Account, callback_url: str) -> None:
        """Make sure the channel sends its webhooks to `callback_url`. Repeating is harmless."""

    def parse_webhook(self, headers: Mapping[str, str], body: bytes, *, secrets: Sequence[str]) -> InboundEvent | None:
        """The event when the raw body is signed with one of the secrets, else None."""

    async def revoke(self, account: Account) -> None:
        """End our access at the channel. Access already ended counts as done."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What a genuine return from the consent page says: which account, and the code to exchange once."""

    domain: str
    code: str

    def __repr__(self) -> str:
        return f"Answered({self.domain})"


class ConsentRefused(Exception):
    """The return is not the answer to a visit we started; nothing may be stored. `declined`: the merchant said no."""

    def __init__(self, reason: str, *, declined: bool = False) -> None:
        self.declined = declined
        super().__init__(reason)


class Consent(Protocol):
    """How a merchant lets us in at a channel with a consent page, and how that permission is kept alive."""

    scopes: tuple[str, ...]
    webhook_secrets: tuple[str, ...]

    def authorize_url(self, base_url: str, *, redirect_uri: str, state: str) -> str:
        """Where the merchant consents; they come back to `redirect_uri` with the same `state`."""

    def read_return(self, query: Sequence[tuple[str, str]], *, now: datetime, expected_state: str) -> Answered:
        """The answer, when state, account, signature and time all hold. Raises ConsentRefused."""

    async def exchange(self, base_url: str, *, code: str, now: datetime) -> Credentials:
        """Credentials for a code, which is spent by this. Raises PermissionLost for a code not taken."""

    async def renew(self, base_url: str, credentials: Credentials, *, now: datetime, keep: Keep) -> Credentials:
        """New credentials for ones about to expire. Raises PermissionLost when they cannot be had any more."""

    def missing_scopes(self, granted: Sequence[str]) -> tuple[str, ...]:
        """The scopes we ask for that were not granted."""
