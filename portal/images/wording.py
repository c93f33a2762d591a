"""The state of an image in plain words, and the one thing to do about it."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.fetching import NO_SUCH_HOST
from connectors.pictures import EVERYWHERE, Rules
from portal.i18n import _
from portal.models.images import ImageCheck, ImageState


@dataclass(frozen=True, slots=True)
class Said:
    """`tone` is the badge's; `text` says what, `line` why and who acts next, `fix` what the merchant can do."""

    tone: str
    text: str
    line: str
    fix: str
    icon: str | None = None


def said(check: ImageCheck | None, *, state: ImageState | None = None, rules: Rules = EVERYWHERE) -> Said:
    """What there is to say of an address; `state` where a channel's rules see it in another light."""
    state = state or (check.state if check else ImageState.UNCHECKED)
    if check is None or state is ImageState.UNCHECKED:
        return Said("info", _("Being checked"), _("We open it and look at its size and colours."), "", icon="spinner")
    if state is ImageState.OK:
        return Said("success", _("Image is fine"), _measures(check), "")
    if state is ImageState.UNSTABLE:
        return Said("attention", _("We couldn't check the image"), _unstable(check.code), "", icon="clock")
    if state is ImageState.LOST:
        return Said("critical", _("Image is lost"), _lost(check.code), _("Replace or remove it."))
    if state is ImageState.UNREACHABLE:
        return Said("warning", _("Opens for you, not for us"), _unreachable(check.code), _("Upload a copy."))
    if state is ImageState.UNREADABLE:
        return Said("critical", _("Image can't be read"), _unreadable(check.code), _("Replace or remove it."))
    return _of_rules(check, state, rules)


def _of_rules(check: ImageCheck, state: ImageState, rules: Rules) -> Said:
    known = {"mode": check.mode, "width": check.width, "height": check.height, "format": check.format}
    known |= {"side": rules.smallest_side}
    if state is ImageState.NOT_RGB:
        text = _("Image is %(mode)s") % known
        return Said("warning", text, _("Channels need RGB."), _("Convert it, or replace it."))
    if state is ImageState.TOO_SMALL:
        text = _("Image is too small: %(width)s × %(height)s px") % known
        line = _("Channels ask for %(side)s px or more on the longest side.") % known
        return Said("warning", text, line, _("Replace it with one of %(side)s px or more.") % known)
    if state is ImageState.ANIMATED:
        return Said("warning", _("Image moves"), _("Channels take still images."), _("Convert it, or replace it."))
    text = _("Image is in the format %(format)s") % known
    return Said("warning", text, _("Not every channel takes it."), _("Convert it, or replace it."))


def _measures(check: ImageCheck) -> str:
    known = {"width": check.width, "height": check.height, "format": check.format}
    return _("%(width)s × %(height)s px, %(format)s") % known


def _unstable(code: str) -> str:
    return {
        NO_SUCH_HOST: _("No site of this name can be found. Check the address; we try again by ourselves."),
        "switched_off": _("This installation opens no addresses outside."),
    }.get(code, _("The site didn't answer. Nothing to do: we try again by ourselves."))


def _lost(code: str) -> str:
    return {
        "web_page": _("A web page is at this address, not an image."),
        "empty": _("The file at this address is empty."),
    }.get(code, _("Nothing is at this address any more."))


def _unreachable(code: str) -> str:
    return {
        "private_address": _("Only your own network reaches this address. Channels can't."),
        "not_a_web_address": _("Channels fetch images from addresses that begin with https:// only."),
        "credentials_in_address": _("The address holds a password. Channels can't use it."),
        "port": _("The address names a port of its own. Channels can't use it."),
        "address_unreadable": _("The address can't be read."),
        "certificate": _("The site's certificate isn't valid, so nobody can be sure of what it sends."),
        "too_many_redirects": _("The address leads from one place to the next without end."),
    }.get(code, _("The site keeps programs out. Channels may be kept out as well."))


def _unreadable(code: str) -> str:
    return {
        "vector": _("It is a drawing (SVG). Channels take photos: JPEG or PNG."),
        "too_many_pixels": _("It has too many pixels."),
        "too_many_bytes": _("It is larger than 10 MB."),
        "unknown_format": _("It is no image that we know. Channels take JPEG or PNG."),
        "unknown_colours": _("Its colours are written in a way that can't be converted."),
    }.get(code, _("The file is damaged."))


def refusal(code: str) -> str:
    """Why a file from the merchant's computer, or what was to be converted, cannot be used."""
    return {
        "web_page": _("This is a web page, not an image. Choose a JPEG or PNG."),
        "vector": _("This is a drawing (SVG). Choose a JPEG or PNG."),
        "unknown_format": _("This is no image that we know. Choose a JPEG or PNG."),
        "too_many_pixels": _("This image has too many pixels. Make it smaller, at most 4,000 px on each side."),
        "too_many_bytes": _("This image is larger than 10 MB. Make it smaller."),
        "unknown_colours": _("The colours of this image can't be converted. Save it as RGB and choose it again."),
    }.get(code, _("This file is damaged. Open it, save it again and choose it once more."))
