"""What is known of the picture at an address, pictures we keep for a merchant, and those a channel has from us."""

from __future__ import annotations

import hashlib
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.models.base import Base, Row, Word
from portal.tenancy import MerchantOwned

# The code of what is known of a picture of ours: there is nothing to fetch.
KEPT = "kept"


class ImageState(StrEnum):
    """Who acts next: nobody yet, nobody, the merchant, or we by ourselves later."""

    UNCHECKED = "unchecked"
    OK = "ok"
    LOST = "lost"
    UNSTABLE = "unstable"
    UNREACHABLE = "unreachable"
    UNREADABLE = "unreadable"
    NOT_RGB = "not_rgb"
    TOO_SMALL = "too_small"
    ANIMATED = "animated"
    FORMAT = "format"


def digest(url: str) -> str:
    """What an address is known by; addresses are longer than an index takes."""
    return hashlib.sha256(url.encode()).hexdigest()


class ImageCheck(Row, MerchantOwned, Base):
    """One address, however many products show it. Sizes are None until a picture was read there.

    `code` says more than the state ("http_404", "private_address"); `tries` counts the looks in a row at which the
    address was not to be had, `next_check_at` is when we look again by ourselves.
    """

    __tablename__ = "image_check"
    __table_args__ = (UniqueConstraint("merchant_id", "url_digest"),)

    url: Mapped[str] = mapped_column(Text)
    url_digest: Mapped[str] = mapped_column(String(64))
    state: Mapped[ImageState] = mapped_column(Word(ImageState), default=ImageState.UNCHECKED)
    code: Mapped[str] = mapped_column(String(64), default="")
    tries: Mapped[int] = mapped_column(default=0)
    width: Mapped[int | None]
    height: Mapped[int | None]
    mode: Mapped[str] = mapped_column(String(16), default="")
    format: Mapped[str] = mapped_column(String(16), default="")
    frames: Mapped[int | None]
    bytes: Mapped[int | None]
    sha256: Mapped[str] = mapped_column(String(64), default="")
    checked_at: Mapped[datetime | None]
    next_check_at: Mapped[datetime | None]


class KeptPicture(Row, MerchantOwned, Base):
    """An RGB JPEG we serve to channels under its token; the same picture is kept once a merchant.

    The bytes are read only by whoever asks for them by name.
    """

    __tablename__ = "kept_picture"
    __table_args__ = (UniqueConstraint("merchant_id", "sha256"),)

    token: Mapped[str] = mapped_column(String(64), unique=True)
    sha256: Mapped[str] = mapped_column(String(64))
    width: Mapped[int]
    height: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class UploadedPicture(MerchantOwned, Base):
    """What we put into the library that a channel keeps for a connection, under its name there (`place`)."""

    __tablename__ = "uploaded_picture"

    connection_id: Mapped[UUID] = mapped_column(ForeignKey("connection.id"), primary_key=True)
    place: Mapped[str] = mapped_column(String(255), primary_key=True)
    url: Mapped[str] = mapped_column(Text)
    uploaded_at: Mapped[datetime]
