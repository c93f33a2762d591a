"""Every kind of promise and what keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from jobs.catalog import ProductChanged
from jobs.ending import End
from jobs.handlers import Handler
from jobs.images import CheckImages
from jobs.importing import CommitImport
from jobs.inbound import HandleWebhook
from jobs.new_keys import TryNewKeys
from jobs.prices import PushPrices
from jobs.publishing import Publish
from jobs.reading import ReadState
from jobs.reports import FetchReport
from jobs.rules import ReadRules
from jobs.setup import Check, Revoke
from jobs.stock import PushStock
from portal.tasks import kinds

HANDLERS: Mapping[str, Handler] = MappingProxyType(
    {
        kinds.STOCK.name: PushStock(),
        kinds.WEBHOOK.name: HandleWebhook(),
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
    }
)
