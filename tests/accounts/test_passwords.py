"""Which passwords are refused and why; how the others are kept."""

from __future__ import annotations

import asyncio
import time

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.low_level import Type

from portal.accounts import passwords

FINE = [
    "three quiet herons",
    "correct horse battery staple",
    "あの橋を渡ると海が見える",
    "зелёный чай по утрам",
    "🐦🐦 over the 湖 at 5",
    "x" * 3 + "q7" * 30 + "!",
    "Tr0ub4dor&3 and then some" + "é" * 103,
    "ends in a space ",
    "        8 blanks and a word",
]


@pytest.mark.parametrize("password", FINE)
async def test_long_and_foreign_passwords_are_taken_exactly_as_typed(password: str) -> None:
    assert passwords.problem(password) == ""
    kept = await passwords.hashed(password)
    assert await passwords.matches(kept, password)
    for other in (password + " ", password[:-1], password.swapcase() if password.swapcase() != password else "other"):
        assert not await passwords.matches(kept, other)


@pytest.mark.parametrize(
    "password",
    [
        "password1",
        "Password1",
        "PASSWORD123",
        "qwertyuiop",
        "iloveyou1",
        "trustno1 ",
        "aaaaaaaa",
        "abcabcabcabc",
        "abcdefgh",
        "87654321",
        "1qaz2wsx",
    ],
)
def test_what_thieves_try_first_is_refused_with_the_reason(password: str) -> None:
    assert "thieves" in passwords.problem(password)


def test_seven_characters_are_too_few_and_eight_are_enough() -> None:
    assert "at least 8" in passwords.problem("k3#vQ9z")
    assert passwords.problem("k3#vQ9zT") == ""


def test_the_list_of_common_passwords_is_there_in_its_compared_form() -> None:
    common = passwords._common()
    assert len(common) > 15_000
    assert all(word == word.casefold() for word in common)


@pytest.mark.parametrize(
    ("password", "names"),
    [
        ("I love crossdock", ()),
        ("linen2026 for ever", ("Linen & Co",)),
        ("my alice is great", ("alice@example.com",)),
        ("ALICE.SMITH!!99", ("alice.smith@example.com",)),
        ("東京雑貨店の鍵です", ("東京雑貨店",)),
    ],
)
def test_a_password_with_the_persons_the_shops_or_our_name_is_refused(password: str, names: tuple[str, ...]) -> None:
    assert "name that is easy to guess" in passwords.problem(password, names)


def test_a_short_name_says_nothing_about_a_password() -> None:
    assert passwords.problem("boatswain of the lake", ("Bo", "A & B")) == ""


async def test_passwords_are_kept_as_argon2id_with_a_salt_of_their_own() -> None:
    one, other = await passwords.hashed("three quiet herons"), await passwords.hashed("three quiet herons")
    assert one != other
    found = extract_parameters(one)
    assert found.type is Type.ID
    assert found.memory_cost >= 19 * 1024
    assert found.time_cost >= 2


async def test_a_hash_with_lower_parameters_is_outdated() -> None:
    weak = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1).hash("three quiet herons")
    assert passwords.outdated(weak)
    assert not passwords.outdated(await passwords.hashed("three quiet herons"))
    assert await passwords.matches(weak, "three quiet herons")


async def test_nobody_has_a_password_that_matches() -> None:
    assert not await passwords.matches(None, "nobody has this password")
    assert not await passwords.matches("!", "anything at all")


async def test_hashing_leaves_the_event_loop_free() -> None:
    longest = 0.0

    async def tick() -> None:
        nonlocal longest
        while True:
            began = time.perf_counter()
            await asyncio.sleep(0)
            longest = max(longest, time.perf_counter() - began)

    ticking = asyncio.create_task(tick())
    began = time.perf_counter()
    await asyncio.gather(*[passwords.hashed("three quiet herons") for _ in range(6)])
    whole = time.perf_counter() - began
    ticking.cancel()
    assert longest < whole / 2
