"""What a product's outcome is when one of its pictures cannot be put into a channel's library, or not yet."""

from __future__ import annotations

from connectors.addresses import FetchRefused, Kind
from connectors.errors import UNDER_WAY, Problem, ProblemClass
from connectors.records import Failed


def not_had(refused: FetchRefused, field: str) -> Failed:
    """The picture that the field shows was not to be had: busy where that may pass, else the merchant's to put right.

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


def under_way(seconds: float) -> Failed:
    """The pictures are on their way, and the product goes on after so many seconds."""
    return Failed(Problem(problem_class=ProblemClass.BUSY, code=UNDER_WAY), retry_after_seconds=seconds)
