"""Which practice shop a request is for.

A real shop is its own host. On loopback the same paths stand below /shops/<name>.myshopify.com.
"""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.exceptions import NotFoundException

from connectors.shopify.practice import shops
from connectors.shopify.practice.state import Practice
from connectors.shopify.practice.store import Row

AnyRequest = Request[Any, Any, Any]


def practice_of(request: AnyRequest) -> Practice:
    found: Practice = request.app.state.practice
    return found


def below_shop(path: str) -> list[str]:
    """Both addresses of a path of a shop."""
    return ["/shops/{shop:str}" + path, path]


def domain_of(request: AnyRequest) -> str:
    """The shop's domain; Litestar's 404 when the address names none."""
    named = request.path_params.get("shop") or request.headers.get("host", "").split(":")[0]
    if not shops.is_domain(str(named)):
        raise NotFoundException
    return str(named).lower()


def shop_of(request: AnyRequest) -> Row:
    """The shop a control address names; 404 when it was never made."""
    found = shops.find(practice_of(request).store, domain_of(request))
    if found is None:
        raise NotFoundException
    return found


def origin_of(request: AnyRequest) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"
