"""What was typed into a form whose sender is signed out: it comes to sign-in with the browser and leaves with it.

Nothing of it is stored here. The fields wait in the pages of the person who typed them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from portal.web import local_path

# The field by which a form asks for this. Its value says what was typed about.
MARK = "keep"
# The field by which a form says that it can be shown again unsaved: sent with "show" under the name in its value.
REOPEN = "reopen"


@dataclass(frozen=True, slots=True)
class Kept:
    """A form as it was sent to `path`, without its token."""

    path: str
    fields: tuple[tuple[str, str], ...]

    @property
    def what(self) -> str:
        return dict(self.fields)[MARK]

    @property
    def reopen(self) -> str:
        return dict(self.fields).get(REOPEN, "")

    @property
    def text(self) -> str:
        """What `reopened` reads."""
        return json.dumps({"path": self.path, "fields": self.fields})


def interrupted(path: str, sent: Iterable[tuple[str, Any]]) -> Kept | None:
    """The form that was on its way to `path`; None where it does not ask to be kept, or is no form of ours."""
    fields = tuple((name, text) for name, text in sent if isinstance(text, str) and name != "_csrf_token")
    kept = Kept(local_path(path, ""), fields)
    return kept if kept.path and dict(fields).get(MARK) else None


def reopened(text: str) -> Kept | None:
    """The form that `Kept.text` wrote; None for anything else."""
    try:
        found = json.loads(text)
        fields = [(str(name), str(value)) for name, value in found["fields"]]
        return interrupted(str(found["path"]), fields)
    except (ValueError, TypeError, KeyError):
        return None
