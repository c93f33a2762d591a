"""A practice Shopify as a web application: many shops, one SQLite file."""

from __future__ import annotations

import time
from asyncio import CancelledError, create_task
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

import httpx
from litestar import Litestar, post, put
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.template import TemplateConfig
from litestar.types import ControllerRouterHandler

from connectors.http import authorities
from connectors.practice.pages import style
from connectors.shopify.practice import cancelling, control, oauth, operations, pages, webhooks
from connectors.shopify.practice.addressing import AnyRequest, below_shop
from connectors.shopify.practice.endpoint import graphql_endpoint
from connectors.shopify.practice.graphql import load_schema
from connectors.shopify.practice.settings import PracticeSettings
from connectors.shopify.practice.state import Practice
from connectors.shopify.practice.store import Store

__all__ = ["PracticeSettings", "create_app"]

UPLOAD_LIMIT = 20 * 1024 * 1024


@post(below_shop("/staged-uploads"), status_code=201)
async def upload_form(request: AnyRequest) -> None:
    """A staged upload is taken and forgotten: the practice shop shows no picture."""
    await request.body()


@put(below_shop("/staged-uploads/{key:path}"), status_code=200)
async def upload(request: AnyRequest) -> None:
    """A staged upload is taken and forgotten: the practice shop shows no picture."""
    await request.body()


HANDLERS: Sequence[ControllerRouterHandler] = (
    graphql_endpoint,
    oauth.consent,
    oauth.decide,
    oauth.access_token,
    upload_form,
    upload,
    control.router,
    style,
    pages.index,
    pages.make_shop,
    pages.show,
    pages.show_order,
    pages.act,
)


@asynccontextmanager
async def _running(app: Litestar) -> AsyncIterator[None]:
    settings, clock = app.state.settings, app.state.clock
    async with httpx.AsyncClient(follow_redirects=False, trust_env=False, verify=authorities()) as client:
        practice = Practice(settings, Store(settings.data_file, clock), clock, load_schema(), client)
        app.state.practice = practice
        work = (webhooks.deliver_forever, operations.run_forever, cancelling.run_forever)
        behind = [create_task(forever(practice)) for forever in work]
        try:
            yield
        finally:
            for task in behind:
                task.cancel()
                with suppress(CancelledError):
                    await task
            practice.store.close()


def create_app(settings: PracticeSettings, *, clock: Callable[[], float] = time.time) -> Litestar:
    """The application; it owns the settings' file from its start to its end, and meanwhile does what is due later."""
    return Litestar(
        route_handlers=HANDLERS,
        lifespan=[_running],
        state=State({"settings": settings, "clock": clock}),
        template_config=TemplateConfig(directory=pages.TEMPLATES, engine=JinjaTemplateEngine),
        exception_handlers={HTTPException: pages.explain},
        request_max_body_size=UPLOAD_LIMIT,
        openapi_config=None,
        logging_config=None,
    )
