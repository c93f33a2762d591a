"""A listing that is withdrawn to be published anew: deleted at the channel, seen to be gone, listed again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from connectors.protocol import Account, Connector
from connectors.records import LinkedItem, ListingState, Observed
from jobs.channel import result_of
from jobs.listed import forget_problem, start_anew
from jobs.results import Ended, Result
from portal.models.listings import Intent, LastAttempt, Listing


def ids_of(listing: Listing, links: Sequence[LinkedItem]) -> tuple[str, ...]:
    """All that is to be gone at the channel, the variants before what holds them; nothing where it only ends."""
    if not (listing.relisting and listing.channel_id):
        return ()
    return tuple(dict.fromkeys([*(one.channel_id for one in links if one.channel_id), listing.channel_id]))


async def leave(connector: Connector, account: Account, leaving: Mapping[UUID, Sequence[str]]) -> dict[UUID, Result]:
    """The result for each task: done when all its ids are deleted, else the first that was not."""
    if not leaving:
        return {}
    assert connector.offers is not None, "only listings joined to a channel's own catalog are relisted"
    outcomes = iter(await connector.offers.leave(account, [one for ids in leaving.values() for one in ids]))
    found = {task: [result_of(next(outcomes)) for _id in ids] for task, ids in leaving.items()}
    return {
        task: next((one for one in results if one.ended is not Ended.DONE), results[0])
        for task, results in found.items()
    }


def is_leaving(listing: Listing) -> bool:
    """Whether the channel has taken the withdrawal and is only to say that the listing is gone."""
    return listing.relisting and listing.intent is Intent.WITHDRAW and listing.attempt is LastAttempt.ACCEPTED


def is_gone(listing: Listing, state: ListingState) -> bool:
    return is_leaving(listing) and state.gone


async def publish_again(session: AsyncSession, listing: Listing, now: datetime) -> None:
    """The product is listed as if it had never been there."""
    listing.intent, listing.relisting, listing.updated_at = Intent.PUBLISH, False, now
    listing.observed, listing.sent_aspects, listing.warnings = Observed.UNKNOWN, {}, []
    forget_problem(listing)
    await start_anew(session, listing, now)
