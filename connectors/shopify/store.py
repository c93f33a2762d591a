"""A shop as the merchant's own store: marketplaces' orders are looked for by our marks, and created with them."""

from __future__ import annotations

import httpx

from connectors.errors import Problem, ProblemClass
from connectors.orders import StoreDraft, StoreOrder
from connectors.protocol import Account
from connectors.records import Done, Failed, Outcome
from connectors.shopify import errors, mapping, order_drafts, order_mapping
from connectors.shopify.client import ShopifyClient
from connectors.shopify.documents import Part


class ShopifyStore:
    """Implements connectors.protocol.Store."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def find_order(self, account: Account, reference: str) -> StoreOrder | None:
        """The oldest order that carries the reference, as its source or as its tag: either may have been changed.

        The search matches loosely and lags by seconds, so a hit counts only when its marks are really ours.
        """
        shop = ShopifyClient(self._client, account)
        tag = order_mapping.tag_of(reference)
        marks = f"source_identifier:{mapping.quoted(reference)} OR tag:{mapping.quoted(tag)}"
        (found,) = await shop.values([Part("OrdersByReference", {"search": f"({marks}) status:any"})])
        for node in (found or {}).get("nodes") or []:
            if order_mapping.reference_of(node) == reference:
                return order_mapping.store_order(node, base_url=account.base_url)
        return None

    async def create_order(self, account: Account, draft: StoreDraft) -> Outcome[StoreOrder]:
        """Without any change of stock there: the shop is told its number by us.

        A development or trial shop takes five a minute; the refusal of a sixth is not documented, and kept as it comes.
        """
        try:
            value = order_drafts.create_input(draft)
        except order_drafts.NoPrice:
            return Failed(Problem(problem_class=ProblemClass.DATA, code="no_price"))
        shop = ShopifyClient(self._client, account, private=order_drafts.private_values(draft))
        (result,) = await shop.run([Part("OrderCreate", {"order": value})])
        problem = errors.problem_in(result)
        if problem is not None:
            return Failed(problem)
        node = result.get("order") if isinstance(result, dict) else None
        if node is None:
            return Failed(Problem(problem_class=ProblemClass.UNKNOWN, code="no_order"))
        return Done(order_mapping.store_order(node, base_url=account.base_url))
