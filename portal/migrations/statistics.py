"""Statistics for SQLite's planner, which without any takes a merchant to have ten rows in each table.

Every statement of a merchant's session names the merchant, so the planner would walk all the
merchant's rows even where ids are given: a claim, or a piece of an import, would cost more
with every row there is. PostgreSQL gathers its own statistics.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

# A table's rows and a merchant's of them: so many that a thousand named rows are looked up by their names, so few that
# a merchant's page is not sought among everybody's rows. Each further column leaves ten, as SQLite itself would guess.
# A lane's rows are as many: all that a merchant promises one channel may be in one.
OF_OWNERS = text("""
    INSERT INTO sqlite_stat1 (tbl, idx, stat)
    SELECT indexes.tbl_name, indexes.name,
        group_concat(CASE columns.seqno WHEN 0 THEN '1000000 30000' ELSE '10' END, ' ')
    FROM sqlite_schema AS indexes JOIN pragma_index_info(indexes.name) AS columns
    WHERE indexes.type = 'index'
    GROUP BY indexes.tbl_name, indexes.name
    HAVING max(columns.seqno = 0 AND columns.name IN ('merchant_id', 'lane_id'))
""")
# Orders are in one of a few states: to take an index by it for a narrow one would sort most of a merchant's orders for
# each page. Those that need somebody are few.
BY_WORD = {
    "ix_sale_tab": "1000000 30000 30000 20000 10000",
    "ix_sale_problem": "1000 10 10",
    "ix_sale_leaving": "1000 10 10",
}


def tell(connection: Connection) -> None:
    """SQLite knows that a merchant's rows are many; connections opened from now on plan with it.

    Run after the steps of each upgrade, so that no new index is left out.
    https://www.sqlite.org/lang_analyze.html#fixed_results_of_analyze
    """
    if connection.dialect.name != "sqlite":
        return
    # This alone makes the table of statistics; it gathers none.
    connection.execute(text("ANALYZE sqlite_schema"))
    connection.execute(text("DELETE FROM sqlite_stat1"))
    connection.execute(OF_OWNERS)
    for index, stat in BY_WORD.items():
        connection.execute(
            text("UPDATE sqlite_stat1 SET stat = :stat WHERE idx = :index"), {"stat": stat, "index": index}
        )
