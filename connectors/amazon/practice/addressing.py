"""Which running server a request came to, and which seller a control address names."""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.exceptions import NotFoundException

from connectors.amazon.practice import sellers
from connectors.amazon.practice.state import Practice
from connectors.practice.store import Row

AnyRequest = Request[Any, Any, Any]


def practice_of(request: AnyRequest) -> Practice:
    found: Practice = request.app.state.practice
    return found


def seller_of(request: AnyRequest) -> Row:
    """The seller a control address names; 404 when it was never made."""
    found = sellers.find(practice_of(request).store, str(request.path_params["seller_id"]))
    if found is None:
        raise NotFoundException
    return found
