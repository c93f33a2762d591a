"""A shop's privacy requests: the buyers they mean are gone by the time they are answered."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from connectors.orders import OrderState
from portal.models.connections import Connection, ConnectionState
from portal.models.orders import Order
from portal.orders.intake import take_in
from portal.tenancy import SYSTEM
from tests.connections.premises import Premises
from tests.orders.sales import sale
from tests.webhooks.test_receiving import knock


@pytest.fixture
async def sold(premises: Premises, connection: Connection) -> None:
    """Two orders of the shop, with their buyers."""
    runtime = premises.stage.process.runtime
    async with runtime.sessions.write(connection.merchant_id) as session:
        orders = [sale(f"gid://shopify/Order/{number}", state=OrderState.SHIPPED) for number in (1, 2)]
        await take_in(session, runtime.vault, connection, orders, now=runtime.clock())


async def known(premises: Premises) -> set[str]:
    """The orders whose buyers are still known."""
    async with premises.stage.sessions.read(SYSTEM) as session:
        return set(await session.scalars(select(Order.channel_id).where(Order.buyer.is_not(None))))


@pytest.mark.usefixtures("sold")
async def test_a_buyer_who_asks_is_removed_from_the_orders_named_and_from_no_other(premises: Premises) -> None:
    body = json.dumps({"shop_id": 1, "customer": {"email": "taro@example.com"}, "orders_to_redact": [1]}).encode()

    assert (await knock(premises, body, X_Shopify_Topic="customers/redact")).status_code == 200

    assert await known(premises) == {"gid://shopify/Order/2"}


@pytest.mark.usefixtures("sold")
@pytest.mark.parametrize("body", [b"not json", b"[]", b'{"orders_to_redact": null}', b'{"orders_to_redact": []}'])
async def test_a_request_that_names_no_order_removes_nobody(premises: Premises, body: bytes) -> None:
    assert (await knock(premises, body, X_Shopify_Topic="customers/redact")).status_code == 200
    assert len(await known(premises)) == 2


@pytest.mark.usefixtures("sold")
async def test_an_unsigned_request_removes_nobody(premises: Premises) -> None:
    answer = await knock(premises, X_Shopify_Topic="shop/redact", X_Shopify_Hmac_Sha256="AAAA")
    assert answer.status_code == 401
    assert len(await known(premises)) == 2


@pytest.mark.usefixtures("sold")
async def test_a_shop_that_left_takes_all_its_buyers_along(premises: Premises, connection: Connection) -> None:
    async with premises.stage.sessions.write(connection.merchant_id) as session:
        (await session.get_one(Connection, connection.id)).state = ConnectionState.DISCONNECTED

    for delivery in ("delivery-1", "delivery-1", "delivery-2"):
        answer = await knock(premises, X_Shopify_Topic="shop/redact", X_Shopify_Webhook_Id=delivery)
        assert answer.status_code == 200

    assert await known(premises) == set()
