"""Row-level security on PostgreSQL: behind the tenancy code, the database itself hides other merchants' rows."""

from __future__ import annotations

from sqlalchemy import Connection, text

# Sub-selects are read once a statement. An unset, empty or "*" setting never reaches the cast.
VISIBLE = """
    (SELECT current_setting('app.merchant', true)) = '*'
    OR merchant_id = (SELECT nullif(nullif(current_setting('app.merchant', true), ''), '*')::uuid)
"""

UNPROTECTED = text("""
    SELECT quote_ident(tables.relname)
    FROM pg_class AS tables
    JOIN pg_attribute AS columns ON columns.attrelid = tables.oid AND columns.attname = 'merchant_id'
    WHERE tables.relkind = 'r'
      AND tables.relnamespace = current_schema()::regnamespace
      AND NOT EXISTS (SELECT FROM pg_policy WHERE pg_policy.polrelid = tables.oid)
    ORDER BY tables.relname
""")


def protect(connection: Connection) -> None:
    """Every table with a merchant_id shows and takes only rows of the session's merchant.

    Run after the steps of each upgrade, so that no step can forget it. FORCE binds the
    tables' owner as well, which is who the portal signs in as.
    """
    if connection.dialect.name != "postgresql":
        return
    for table in connection.scalars(UNPROTECTED).all():
        connection.execute(text(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"))
        connection.execute(text(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY"))
        connection.execute(text(f"CREATE POLICY of_the_merchant ON {table} USING ({VISIBLE})"))
