"""What is known of an address, held against what a channel takes. Pure."""

from __future__ import annotations

from connectors.pictures import Picture, Rules, problems
from portal.images import wording
from portal.images.wording import Said
from portal.models.images import ImageCheck, ImageState

# Whoever may open these, no channel does; elsewhere a refusal may be meant for us alone.
_FOR_NO_CHANNEL = frozenset(
    {
        "private_address", "not_a_web_address", "credentials_in_address", "port", "address_unreadable", "certificate",
    }
)  # fmt: skip


def in_the_way(check: ImageCheck, rules: Rules) -> Said | None:
    """What keeps the picture off a channel with these rules.

    Nothing, where nobody has looked yet, or where the address did not answer for the moment.
    """
    state = _standing(check, rules)
    return wording.said(check, state=state, rules=rules) if state else None


def _standing(check: ImageCheck, rules: Rules) -> ImageState | None:
    if check.state in {ImageState.LOST, ImageState.UNREADABLE}:
        return check.state
    if check.state is ImageState.UNREACHABLE:
        return check.state if check.code in _FOR_NO_CHANNEL else None
    if (picture := _picture_of(check)) is None:
        return None
    broken = problems(picture, rules)
    return ImageState(broken[0]) if broken else None


def _picture_of(check: ImageCheck) -> Picture | None:
    """The picture that was read there, as far as it was written down."""
    if check.width is None or check.height is None:
        return None
    return Picture(
        format=check.format,
        width=check.width,
        height=check.height,
        mode=check.mode,
        frames=check.frames or 1,
        bytes=check.bytes or 0,
    )
