"""User names and e-mail addresses in the one form they are kept and compared in."""

from __future__ import annotations

import re
import unicodedata

USERNAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{1,62})[a-z0-9]")
LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
EMAIL = re.compile(rf"[a-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{LABEL}(?:\.{LABEL})+")
EMAIL_LENGTH = 254


def compared(text: str) -> str:
    """Full-width letters, capitals and surrounding spaces make no second person."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).strip()


def username(text: str) -> str | None:
    """The compared form of a user name, or None for one we would not give out: look-alike letters have no place."""
    found = compared(text)
    return found if USERNAME.fullmatch(found) else None


def email(text: str) -> str | None:
    """The compared form of an address, which is also where letters go; None for what cannot be one."""
    found = compared(text)
    return found if EMAIL.fullmatch(found) and len(found) <= EMAIL_LENGTH else None
