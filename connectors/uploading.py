"""Puts pictures of products into a channel's library: each once, a few at a time, in time for what shows them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from connectors.addresses import FetchRefused, Kind
from connectors.errors import UNDER_WAY, Busy, InDoubt, Problem, ProblemClass
from connectors.fetching import SWITCHED_OFF
from connectors.pictures import Limits
from connectors.protocol import Account
from connectors.records import Failed

# One call a second, and as long again to have each picture: a batch has to be done well within a minute.
UPLOADS_AN_OPERATION = 5
NEXT_TURN_SECONDS = 1.0

Upload = Callable[[str, bytes, str], Awaitable[Problem | None]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """The picture from the address is to lie somewhere; `field` of the product shows it, `name` is for the merchant."""

    url: str
    field: str
    name: str


class Uploads:
    """The uploads of one operation.

    `upload` is handed a place, a JPEG within the limits and a name, and answers why the channel does not take it. What
    lies there is to be seen after `settling_seconds`.
    """

    def __init__(self, account: Account, upload: Upload, *, limits: Limits, settling_seconds: float) -> None:
        self._account = account
        self._upload = upload
        self._limits = limits
        self._settling_seconds = settling_seconds
        self._left = UPLOADS_AN_OPERATION

    async def put(self, wanted: Mapping[str, Wanted]) -> set[str] | Failed:
        """The places that hold what is wanted there, without those of pictures that we may not fetch.

        The outcome of the product instead, where a picture cannot be had or has only just been uploaded. Raises what
        stops every product of the account.
        """
        held = await self._account.uploaded(list(wanted)) if wanted else {}
        found: set[str] = set()
        age = self._settling_seconds
        for place, one in wanted.items():
            if place in held and held[place].url == one.url:
                age = min(age, held[place].seconds_ago)
            else:
                if not self._left:
                    return _under_way(NEXT_TURN_SECONDS)
                try:
                    problem = await self._bring(place, one)
                except FetchRefused as refused:
                    if refused.code == SWITCHED_OFF:
                        continue
                    return _not_had(refused, one.field)
                if problem is not None:
                    return Failed(replace(problem, field=one.field))
                age = 0.0
            found.add(place)
        return found if age >= self._settling_seconds else _under_way(self._settling_seconds - age)

    async def _bring(self, place: str, one: Wanted) -> Problem | None:
        self._left -= 1
        image = await self._account.picture(one.url, self._limits)
        try:
            problem = await self._upload(place, image, one.name)
        except InDoubt as lost:
            # The same picture again takes the place of one that may have arrived.
            raise Busy(lost.problem.code, lost.problem.original) from lost
        if problem is None:
            await self._account.keep_uploaded(place, one.url)
        return problem


def _not_had(refused: FetchRefused, field: str) -> Failed:
    """Busy where that may pass, else the merchant's to put right.

    The codes are picture_lost, picture_unstable, picture_unreachable and picture_unfit.
    """
    passing = refused.kind is Kind.UNSTABLE
    problem = Problem(
        problem_class=ProblemClass.BUSY if passing else ProblemClass.DATA,
        code=f"picture_{refused.kind}",
        field=field,
        message=refused.code,
    )
    return Failed(problem)


def _under_way(seconds: float) -> Failed:
    return Failed(Problem(problem_class=ProblemClass.BUSY, code=UNDER_WAY), retry_after_seconds=seconds)
