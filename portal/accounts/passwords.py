"""Passwords: which are refused and why, and their hashing, which is slow on purpose and never in the event loop."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from portal.i18n import _

PRODUCT = "crossdock"
SHORTEST = 8
LONGEST = 1000
# A part of the person's or shop's name shorter than this says nothing about a password that contains it.
TELLING = 4

# OWASP password storage cheat sheet: argon2id with 19 MiB and two passes at least.
HASHER = PasswordHasher(time_cost=3, memory_cost=32 * 1024, parallelism=1)

# Each hash holds 32 MiB for its while: two threads bound the memory that a rush of sign-ins can take.
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="password")

Answer = TypeVar("Answer")


def problem(password: str, names: Iterable[str] = ()) -> str:
    """One sentence on what is wrong with a new password, or nothing. `names` are the person's and the shop's."""
    if len(password) < SHORTEST:
        return _("Use at least 8 characters. Three or four words in a row are easy to remember.")
    if len(password) > LONGEST:
        return _("Use at most 1000 characters.")
    plain = password.casefold()
    if plain.strip() in _common() or _is_a_run(plain):
        return _("This password is one of the first that thieves try. Choose another one.")
    if PRODUCT in plain or any(part in plain for name in names for part in _telling_parts(name)):
        return _("This password contains a name that is easy to guess: yours, the shop's or ours. Choose another one.")
    return ""


def _telling_parts(name: str) -> set[str]:
    folded = name.casefold().strip()
    parts = {folded, folded.partition("@")[0], *re.split(r"[^\w]+", folded)}
    return {part for part in parts if len(part) >= TELLING}


def _is_a_run(plain: str) -> bool:
    """One short piece over and over (aaaaaaaa, abcabcabc), or neighbours in a row (abcdefgh, 87654321)."""
    steps = {ord(after) - ord(before) for before, after in pairwise(plain)}
    return steps in ({1}, {-1}) or bool(re.fullmatch(r"(.{1,4}?)\1+", plain, re.DOTALL))


@cache
def _common() -> frozenset[str]:
    # The package holds a tenth of the process's memory, and most processes never see a password being chosen.
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415

    return frozenset(FREQUENCY_LISTS["passwords"])


async def hashed(password: str) -> str:
    """The argon2id hash to keep. Call it before a writing transaction is opened, never inside one."""
    return await _apart(lambda: HASHER.hash(password))


async def matches(kept: str | None, password: str) -> bool:
    """Whether it is the password; without one to compare to, as much work is done and the answer is no."""
    return await _apart(lambda: _verify(kept or _nobodys(), password)) and kept is not None


def outdated(kept: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return HASHER.check_needs_rehash(kept)


def _verify(kept: str, password: str) -> bool:
    try:
        return HASHER.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys() -> str:
    return HASHER.hash("nobody has this password")


async def _apart(work: Callable[[], Answer]) -> Answer:
    return await asyncio.get_running_loop().run_in_executor(_threads, work)
