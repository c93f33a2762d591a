"""How a figure is taken and printed: always beside the plainest thing that could do the same, in the same run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from statistics import median, quantiles
from time import perf_counter


@dataclass(frozen=True, slots=True)
class Figure:
    """`ours` and `plain` in `unit`; `plain_is` says what it is compared with."""

    name: str
    ours: float
    plain: float
    unit: str
    plain_is: str

    def __str__(self) -> str:
        ratio = self.ours / self.plain
        return f"{self.name:<42}{self.ours:>10,.1f} {self.unit:<8}{self.plain:>12,.1f} {self.plain_is:<34}{ratio:>9.3g}"


async def milliseconds(work: Callable[[], Awaitable[object]], times: int) -> list[float]:
    """How long each of `times` runs took, after one that does not count."""
    await work()
    taken = []
    for _ in range(times):
        began = perf_counter()
        await work()
        taken.append((perf_counter() - began) * 1000)
    return taken


def middle(taken: list[float]) -> float:
    return median(taken)


def worst_of_twenty(taken: list[float]) -> float:
    """The 95th percentile."""
    return quantiles(taken, n=20)[-1]
