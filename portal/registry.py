"""Every slice's routes and live fragments, in one list each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal import chrome
from portal.catalog import fragments as catalog_fragments
from portal.catalog import routes as catalog
from portal.codes import fragments as codes_fragments
from portal.codes import routes as codes
from portal.connections import connecting, kind_routes, public_key_routes
from portal.connections import routes as connections
from portal.connections.fragments import hub_fragments
from portal.dashboard import fragments as dashboard_fragments
from portal.dashboard import routes as dashboard
from portal.exports import routes as exports
from portal.fragments import Render
from portal.images import fragments as images_fragments
from portal.images import routes as images
from portal.imports import fragments as imports_fragments
from portal.imports import routes as imports
from portal.inbox import fragments as inbox_fragments
from portal.inbox import routes as inbox
from portal.listings import fragments as listings_fragments
from portal.listings import relisting_routes
from portal.listings import routes as listings
from portal.offers import routes as offers
from portal.offers.fragments import offer_fragments
from portal.order_health import routes as order_health
from portal.order_health.fragments import order_health_fragments
from portal.orders import buyer_credit_routes as buyer_credits
from portal.orders import return_routes as order_returns
from portal.orders import routes as orders
from portal.orders import setting_routes as order_settings
from portal.orders.fragments import order_fragments
from portal.proof import fragments as proof_fragments
from portal.reports import routes as reports
from portal.reports.fragments import report_fragments
from portal.rules import routes as rules
from portal.runtime import Runtime
from portal.stock import fragments as stock_fragments
from portal.stock import location_routes as stock_locations
from portal.stock import routes as stock
from portal.stock import setting_routes as stock_settings
from portal.webhooks import routes as webhooks

ROUTES: list[Any] = [
    *dashboard.ROUTES,
    *inbox.ROUTES,
    *listings.ROUTES,
    *relisting_routes.ROUTES,
    *order_health.ROUTES,
    *orders.ROUTES,
    *order_settings.ROUTES,
    *buyer_credits.ROUTES,
    *order_returns.ROUTES,
    *rules.ROUTES,
    *offers.ROUTES,
    *imports.ROUTES,
    *exports.ROUTES,
    *reports.ROUTES,
    *catalog.ROUTES,
    *images.ROUTES,
    *codes.ROUTES,
    *stock.ROUTES,
    *stock_settings.ROUTES,
    *stock_locations.ROUTES,
    *connections.ROUTES,
    *connecting.ROUTES,
    *kind_routes.ROUTES,
    *public_key_routes.ROUTES,
    *webhooks.ROUTES,
]


def fragments_of(runtime: Runtime) -> Mapping[str, Render]:
    """Element-id prefix -> how the part is made afresh."""
    return {
        **chrome.FRAGMENTS,
        **dashboard_fragments.FRAGMENTS,
        **inbox_fragments.FRAGMENTS,
        **listings_fragments.FRAGMENTS,
        **imports_fragments.FRAGMENTS,
        **catalog_fragments.FRAGMENTS,
        **images_fragments.FRAGMENTS,
        **codes_fragments.FRAGMENTS,
        **stock_fragments.FRAGMENTS,
        **proof_fragments.FRAGMENTS,
        **hub_fragments(runtime),
        **report_fragments(runtime),
        **order_fragments(runtime),
        **order_health_fragments(runtime),
        **offer_fragments(runtime),
    }
