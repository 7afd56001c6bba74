"""Prints how PyArrow and DuckDB see a results folder. usage: read.py DIR"""
import sys

import duckdb
import pyarrow.parquet as pq

for name in ("samples", "scores"):
    path = f"{sys.argv[1]}/{name}.parquet"
    print(pq.read_schema(path).to_string(show_schema_metadata=False))
    for row in pq.read_table(path).to_pylist():
        print(row)
    for row in duckdb.sql(f"select * from '{path}'").fetchall():
        print(row)
