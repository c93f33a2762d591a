"""Read last by the process that others are forked from: what each of them does at its start is done there, once."""

from __future__ import annotations

from sqlalchemy.orm import configure_mappers

from jobs import boot

configure_mappers()
boot.settle()
