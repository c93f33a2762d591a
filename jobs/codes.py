"""Looks for a product's codes in the channel's own catalog before its first publish: one that is another's there would
join it to that item, and show buyers that item's pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

import structlog

from connectors import gtin
from connectors.errors import Busy, ChannelError, Problem, ProblemClass
from connectors.protocol import Account, Capabilities, Connector, Offers
from connectors.records import CatalogMatch, ProductRecord
from jobs.results import Result, refused
from portal.listings.words_common import CODE_IN_CATALOG

CODES_A_SEARCH = 20
log = structlog.get_logger()


async def conflicts(
    connector: Connector, account: Account, records: Mapping[UUID, ProductRecord]
) -> dict[UUID, Result]:
    """The results of those products, by task, that cannot be sent: a code is another brand's item there.

    Where the channel is too busy to say, the product waits. A search that fails otherwise holds nothing back: the
    channel judges codes itself, too.
    """
    offers = connector.offers
    if offers is None:
        return {}
    asked = {task: list(_sent_codes(record, connector.capabilities, offers)) for task, record in records.items()}
    known, busy = await _searched(offers, account, [code for codes in asked.values() for _index, code in codes])
    results: dict[UUID, Result] = {}
    for task, codes in asked.items():
        record = records[task]
        met = ((index, known[code]) for index, code in codes if code in known)
        problem = next((_problem(record, index, there) for index, there in met if _is_anothers(record, there)), None)
        if problem is not None:
            results[task] = refused(problem)
        elif busy is not None and any(code in busy.codes for _index, code in codes):
            results[task] = refused(busy.error.problem, retry_after_seconds=busy.error.retry_after_seconds)
    return results


def _sent_codes(record: ProductRecord, can: Capabilities, offers: Offers) -> Iterator[tuple[int, str]]:
    """The codes that would be sent, each with its variant's number."""
    if record.details.get(offers.detail) or record.details.get(can.exemption_detail):
        return
    for index, variant in enumerate(record.variants):
        if code := gtin.for_marketplaces(variant.barcode):
            yield index, code


class _Unsearched:
    """Codes the channel was too busy to be asked about."""

    def __init__(self, error: Busy, codes: Sequence[str]) -> None:
        self.error, self.codes = error, frozenset(codes)


async def _searched(
    offers: Offers, account: Account, codes: Sequence[str]
) -> tuple[dict[str, CatalogMatch], _Unsearched | None]:
    """The first item of the catalog for each code that has one, and what could not be asked for the haste."""
    wanted = list(dict.fromkeys(codes))
    known: dict[str, CatalogMatch] = {}
    for start in range(0, len(wanted), CODES_A_SEARCH):
        try:
            found = await offers.search(account, wanted[start : start + CODES_A_SEARCH])
        except Busy as error:
            return known, _Unsearched(error, wanted[start:])
        except ChannelError as error:
            log.warning("codes_not_searched", code=error.problem.code)
            return known, None
        for match in found:
            known.setdefault(match.code, match)
    return known, None


def _is_anothers(record: ProductRecord, there: CatalogMatch) -> bool:
    ours, theirs = record.vendor.strip().casefold(), there.brand.strip().casefold()
    return bool(ours and theirs) and ours != theirs


def _problem(record: ProductRecord, index: int, there: CatalogMatch) -> Problem:
    """`message` names the item there; `recommended` is how to name it, where selling on it is a way out."""
    return Problem(
        problem_class=ProblemClass.DATA,
        code=CODE_IN_CATALOG,
        field=f"/variants/{index}/barcode",
        message=f"{there.title}, {there.brand} ({there.channel_ref})",
        recommended=there.channel_ref if len(record.variants) == 1 else "",
    )
