"""Pictures as a connector gets them, and what is remembered of those it has put into a channel's library."""

from __future__ import annotations

import pytest

from connectors.addresses import FetchRefused, Kind
from connectors.pictures import Limits
from portal.connections import pictures
from portal.models.accounts import Merchant
from portal.models.images import KeptPicture
from tests.connections.premises import Premises
from tests.images.shots import picture
from tests.settable_clock import SettableClock

URL = "https://pictures.example/cup.jpg"


async def test_what_was_uploaded_is_remembered_for_the_connection_and_overwritten_by_its_place(
    premises: Premises, merchant: Merchant, other_merchant: Merchant, clock: SettableClock
) -> None:
    ours = premises.account(await premises.site.connection(merchant))
    theirs = premises.account(await premises.site.connection(other_merchant, "Other"))

    await ours.keep_uploaded("cup.jpg", "https://pictures.example/old.jpg")
    clock.advance(60)
    await ours.keep_uploaded("cup.jpg", URL)
    clock.advance(5)

    [held] = (await ours.uploaded(["cup.jpg", "jug.jpg"])).items()
    assert (held[0], held[1].url, held[1].seconds_ago) == ("cup.jpg", URL, 5)
    assert await theirs.uploaded(["cup.jpg"]) == {}


async def test_a_kept_picture_of_another_merchant_is_none_of_ours(
    premises: Premises, merchant: Merchant, other_merchant: Merchant
) -> None:
    account = premises.account(await premises.site.connection(merchant))
    runtime = premises.stage.process.runtime
    async with runtime.sessions.write(other_merchant.id) as session:
        row = {"sha256": "0" * 64, "width": 800, "height": 600, "content": picture()}
        session.add(KeptPicture(merchant_id=other_merchant.id, token="theirs", **row))

    with pytest.raises(FetchRefused) as refused:
        await account.picture(f"{runtime.settings.public_url}/pictures/theirs.jpg", Limits())

    assert refused.value.kind is Kind.LOST


@pytest.mark.parametrize(
    ("content", "kind", "code"),
    [(b"<html>Gone", Kind.LOST, "web_page"), (picture("PNG")[:-40], Kind.UNFIT, "broken")],
)
async def test_bytes_that_are_no_picture_are_refused_in_a_word(
    premises: Premises, merchant: Merchant, content: bytes, kind: Kind, code: str
) -> None:
    connection = await premises.site.connection(merchant)
    async with premises.stage.sessions.write(merchant.id) as session:
        row = {"sha256": "0" * 64, "width": 800, "height": 600, "content": content}
        session.add(KeptPicture(merchant_id=merchant.id, token="ours", **row))
    runtime = premises.stage.process.runtime

    with pytest.raises(FetchRefused) as refused:
        await pictures.picture(runtime, connection, f"{runtime.settings.public_url}/pictures/ours.jpg", Limits())

    assert (refused.value.kind, refused.value.code) == (kind, code)
