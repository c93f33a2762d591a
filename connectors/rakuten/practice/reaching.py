"""How the pages and levers of a practice Rakuten reach what is behind them."""

from __future__ import annotations

from litestar.exceptions import NotFoundException

from connectors.practice.store import Row
from connectors.rakuten.practice import stores
from connectors.rakuten.practice.gateway import AnyRequest
from connectors.rakuten.practice.state import Practice


def practice_of(request: AnyRequest) -> Practice:
    found: Practice = request.app.state.practice
    return found


def store_of(request: AnyRequest) -> Row:
    """The store the address names; 404 when it was never made."""
    found = stores.find(practice_of(request).store, str(request.path_params["store"]))
    if found is None:
        raise NotFoundException
    return found
