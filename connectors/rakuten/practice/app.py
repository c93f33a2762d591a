"""A practice Rakuten as a web application: many stores, one SQLite file."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from litestar import Litestar
from litestar.datastructures import State
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.template import TemplateConfig

from connectors.practice.pages import TEMPLATES, style
from connectors.practice.store import Store
from connectors.rakuten.practice import control, pages
from connectors.rakuten.practice.gateway import gateway
from connectors.rakuten.practice.settings import PracticeSettings
from connectors.rakuten.practice.state import TABLES, Practice

__all__ = ["PracticeSettings", "create_app"]

BODY_LIMIT = 20 * 1024 * 1024


@asynccontextmanager
async def _running(app: Litestar) -> AsyncIterator[None]:
    settings, clock = app.state.settings, app.state.clock
    store = Store(settings.data_file, clock, TABLES.read_text())
    app.state.practice = Practice(settings, store, clock)
    try:
        yield
    finally:
        store.close()


def create_app(settings: PracticeSettings, *, clock: Callable[[], float] = time.time) -> Litestar:
    """The application; it owns the settings' file from its start to its end."""
    return Litestar(
        route_handlers=[style, *pages.ROUTES, control.router, gateway],
        lifespan=[_running],
        state=State({"settings": settings, "clock": clock}),
        template_config=TemplateConfig(directory=TEMPLATES, engine=JinjaTemplateEngine),
        request_max_body_size=BODY_LIMIT,
        openapi_config=None,
        logging_config=None,
    )
