"""Our staff's answers to requests for buyer credits, given at the command line.

`python -m jobs.credit_desk` lists the requests that nobody answered; `give ID AMOUNT` and `decline ID` answer one.
"""

from __future__ import annotations

import asyncio
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from jobs import queue
from portal import config
from portal.catalog.typed import amount
from portal.clock import utc_now
from portal.db import Sessions
from portal.live import Announcer
from portal.mail import Post
from portal.models.accounts import AuditEntry
from portal.models.buyer_credits import BuyerCredit
from portal.orders import buyer_credits, letters
from portal.orders.buyer_credits import Answer, NoAnswer
from portal.templating import money
from portal.tenancy import SYSTEM
from portal.vault import Vault


async def listed(sessions: Sessions) -> list[str]:
    """Lines about every request that waits: who asks, for what, and why."""
    async with sessions.read(SYSTEM) as session:
        found = await buyer_credits.waiting(session)
    lines = []
    for credit, order, source, merchant in found:
        asked = f"{credit.created_at:%Y-%m-%d %H:%M} UTC by {credit.asked_by}, {merchant.name}"
        lines.append(f"{credit.id}  {money(credit.amount_minor, credit.currency)}  {asked}")
        where = f"{source.channel} {source.external_name or source.domain}{' (practice)' if source.practice else ''}"
        lines.append(
            f"    order {order.number} at {where}, total {money(order.total_minor, order.currency) or 'unknown'}"
        )
        lines += [f"    {line}" for line in credit.reason.splitlines()]
    return lines or ["No request waits."]


async def answered(sessions: Sessions, post: Post, asked: Namespace, now: datetime) -> list[str]:
    """The request is answered: the order says so, and letters are written. Raises NoAnswer, ValueError."""
    async with sessions.write(SYSTEM) as session:
        credit = await session.get(BuyerCredit, asked.id)
        given = amount(asked.amount, credit.currency) if credit is not None and asked.act == "give" else None
        said = Answer(given_minor=given, words=asked.words, by=asked.by)
        credit = await buyer_credits.answer(session, asked.id, said, now=now)
        session.add(
            AuditEntry(
                merchant_id=credit.merchant_id,
                act="buyer_credit.answered",
                subject=str(credit.order_id),
                detail={"given_minor": given, "currency": credit.currency, "by": asked.by},
                created_at=now,
            )
        )
        letters_written = await letters.credit_answered(session, post, credit, now=now)
    done = f"Given: {money(given, credit.currency)}." if given is not None else "Declined."
    return [f"{done} It stands on the order; letters written: {letters_written}."]


def read(arguments: Sequence[str]) -> Namespace:
    """What was typed: `act` is None, "give" or "decline"."""
    parser = ArgumentParser(prog="python -m jobs.credit_desk", description=__doc__)
    acts = parser.add_subparsers(dest="act")
    give = acts.add_parser("give", help="so much went back to the buyer")
    decline = acts.add_parser("decline", help="nothing goes back")
    for act in (give, decline):
        act.add_argument("id", type=UUID)
        act.add_argument("--by", required=True, help="your name, as the merchant is to read it")
        act.add_argument("--words", required=act is decline, default="", help="for the merchant")
    give.add_argument("amount", help="in the order's currency: 12.50")
    return parser.parse_args(arguments)


async def _run(asked: Namespace) -> list[str]:
    settings = config.load()
    url = settings.redis_url or queue.running(settings.data_dir)
    announcer = Announcer(url) if url else None

    async def announce(_rings: Mapping[UUID, datetime], changed: Mapping[UUID, set[str]]) -> None:
        if announcer is not None:
            await announcer.announce(changed)

    sessions = Sessions(settings.database_url, announce=announce)
    try:
        if asked.act is None:
            return await listed(sessions)
        post = Post(Vault.from_setting(settings.vault_keys), settings.public_url)
        return await answered(sessions, post, asked, utc_now())
    finally:
        await sessions.close()
        if announcer is not None:
            await announcer.close()


def main(arguments: Sequence[str]) -> int:
    """The operator's command; the exit code."""
    try:
        lines = asyncio.run(_run(read(arguments)))
    except (NoAnswer, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
