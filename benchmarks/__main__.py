"""Prints every figure beside what it is compared with: `make bench`, or `python -m benchmarks catalog live`."""

from __future__ import annotations

import asyncio
import logging
import sys

import structlog

from benchmarks import catalog, channel, channels, imports, live, memory, orders, pixel, statements, tasks, telling
from benchmarks.figures import Figure
from jobs.boot import settle

ALL = {
    "statements": statements,
    "catalog": catalog,
    "tasks": tasks,
    "channel": channel,
    "channels": channels,
    "imports": imports,
    "live": live,
    "orders": orders,
    "telling": telling,
    "pixel": pixel,
    "memory": memory,
}


def show(figure: Figure) -> None:
    print(figure, flush=True)


async def measure(names: list[str]) -> None:
    print(f"{'':<42}{'ours':>10} {'':<8}{'compared with':>12} {'':<33}{'ratio':>9}")
    for name in names:
        await ALL[name].measure(show)


def main() -> int:
    names = sys.argv[1:] or list(ALL)
    if unknown := [name for name in names if name not in ALL]:
        print(f"There is no benchmark {', '.join(unknown)}; there are {', '.join(ALL)}.", file=sys.stderr)
        return 2
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    logging.disable(logging.INFO)
    settle()
    asyncio.run(measure(names))
    return 0


if __name__ == "__main__":
    sys.exit(main())
