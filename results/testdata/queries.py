"""Runs each sql block of a Markdown file. usage: queries.py FILE"""
import re
import sys

import duckdb

for query in re.findall(r"```sql\n(.*?)```", open(sys.argv[1]).read(), re.S):
    print("--", " ".join(query.split()))
    rows = duckdb.sql(query).fetchall()
    assert rows, "no rows"
    for row in rows:
        print(row)
