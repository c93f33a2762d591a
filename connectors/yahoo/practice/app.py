"""A practice Yahoo! Shopping as a web application: many stores, one SQLite file."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from litestar import Litestar
from litestar.datastructures import State
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.template import TemplateConfig

from connectors.practice import pages as practice_pages
from connectors.yahoo.practice import control, endpoint, oauth, order_pages, pages
from connectors.yahoo.practice.settings import PracticeSettings
from connectors.yahoo.practice.state import Practice, open_store

__all__ = ["PracticeSettings", "create_app"]

TEMPLATES = Path(__file__).with_name("templates")
# The largest body is an image of two megabytes with the form around it.
BODY_LIMIT = 4 * 1024 * 1024


@asynccontextmanager
async def _running(app: Litestar) -> AsyncIterator[None]:
    settings, clock = app.state.settings, app.state.clock
    app.state.practice = practice = Practice(settings, open_store(settings, clock), clock)
    try:
        yield
    finally:
        practice.store.close()


def create_app(settings: PracticeSettings, *, clock: Callable[[], float] = time.time) -> Litestar:
    """The application; it owns the settings' file from its start to its end."""
    return Litestar(
        route_handlers=[
            endpoint.operation_endpoint,
            oauth.consent,
            oauth.decide,
            oauth.token,
            practice_pages.style,
            *pages.ROUTES,
            *order_pages.ROUTES,
            control.router,
        ],
        lifespan=[_running],
        state=State({"settings": settings, "clock": clock}),
        template_config=TemplateConfig(directory=[TEMPLATES, practice_pages.TEMPLATES], engine=JinjaTemplateEngine),
        request_max_body_size=BODY_LIMIT,
        openapi_config=None,
        logging_config=None,
    )
