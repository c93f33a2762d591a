"""Which store a control address names."""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.exceptions import NotFoundException

from connectors.practice.store import Row
from connectors.yahoo.practice import stores
from connectors.yahoo.practice.state import Practice

AnyRequest = Request[Any, Any, Any]


def practice_of(request: AnyRequest) -> Practice:
    found: Practice = request.app.state.practice
    return found


def store_of(request: AnyRequest) -> Row:
    """The store a control address names; 404 when it was never made."""
    found = stores.find(practice_of(request).store, str(request.path_params["seller_id"]))
    if found is None:
        raise NotFoundException
    return found
