"""What one entry of the error translator holds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

# Marks words for translation where they are written; they are looked up where they are said.
N_ = str

# What several channels' words say alike.
NOTHING_TO_DO = N_("Nothing to do. We try again by ourselves.")
LOOKING = N_("Nothing to do. We look whether %(channel)s has it before anything is sent again.")
OUR_TURN = N_("It isn't anything you did, and nothing was charged. We have been told.")


class Button(StrEnum):
    """What can be pressed: never a retry where a retry cannot help."""

    EDIT = "edit"
    RECONNECT = "reconnect"
    WAIT = "wait"
    CHANNEL = "channel"
    CHOOSE = "choose"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Wording:
    """`title` and `body` are untranslated and may name %(channel)s. `field` is where the code itself points.

    `named` is the title to use where the channel said which %(field)s it means.

    `retry_helps` is true where the merchant can put it right outside the product, and then start again here.
    """

    title: str
    body: str
    button: Button
    field: str = ""
    retry_helps: bool = False
    named: str = ""


def edit(title: str, body: str, field: str = "", *, named: str = "") -> Wording:
    return Wording(title, body, Button.EDIT, field, named=named)


def at_channel(title: str, body: str) -> Wording:
    return Wording(title, body, Button.CHANNEL, retry_helps=True)


def reconnect(title: str, body: str) -> Wording:
    return Wording(title, body, Button.RECONNECT)


def wait(title: str, body: str) -> Wording:
    return Wording(title, body, Button.WAIT)


def ours(title: str, body: str) -> Wording:
    return Wording(title, body, Button.NONE, retry_helps=True)
