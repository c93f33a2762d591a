"""Makes every table in an empty database."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import create_async_engine

from portal.models import Base


async def make_schema(url: str) -> None:
    """Every table is there."""
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    await engine.dispose()
