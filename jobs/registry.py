"""Every kind of promise and what keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from jobs.accepting import AcceptOrder
from jobs.catalog import ProductChanged
from jobs.checking import CheckNumbers
from jobs.ending import End
from jobs.handlers import Handler
from jobs.images import CheckImages
from jobs.importing import CommitImport
from jobs.inbound import HandleWebhook
from jobs.new_keys import TryNewKeys
from jobs.order_updates import CancelOrder, TellShipped
from jobs.orders import ReadOrder, ReadOrders
from jobs.prices import PushPrices
from jobs.publishing import Publish
from jobs.reading import ReadState
from jobs.reports import FetchReport
from jobs.rules import ReadRules
from jobs.setup import Check, Revoke
from jobs.statements import CompareOrders
from jobs.stock import PushStock
from jobs.store_orders import CreateStoreOrder
from portal.tasks import kinds

HANDLERS: Mapping[str, Handler] = MappingProxyType(
    {
        kinds.STOCK.name: PushStock(),
        kinds.WEBHOOK.name: HandleWebhook(),
        kinds.ORDER.name: ReadOrder(),
        kinds.ORDERS.name: ReadOrders(),
        kinds.COMPARE_ORDERS.name: CompareOrders(),
        kinds.ACCEPT_ORDER.name: AcceptOrder(),
        kinds.CANCEL_ORDER.name: CancelOrder(),
        kinds.STORE_ORDER.name: CreateStoreOrder(),
        kinds.SHIPPED.name: TellShipped(),
        kinds.PRODUCT_CHANGED.name: ProductChanged(),
        kinds.PRICE.name: PushPrices(),
        kinds.END.name: End(),
        kinds.PUBLISH.name: Publish(),
        kinds.UPDATE.name: Publish(),
        kinds.CHECK.name: Check(),
        kinds.NEW_KEYS.name: TryNewKeys(),
        kinds.REVOKE.name: Revoke(),
        kinds.READ.name: ReadState(),
        kinds.RULES.name: ReadRules(),
        kinds.REPORT.name: FetchReport(),
        kinds.IMPORT.name: CommitImport(),
        kinds.IMAGE_CHECK.name: CheckImages(),
        kinds.CHECK_NUMBERS.name: CheckNumbers(),
    }
)
