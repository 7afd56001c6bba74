"""Prints what DuckDB and Polars read of many runs by glob: the same, or it is
an error. usage: datasets.py ROOT, of results/model=.../night=.../run"""
import sys

import duckdb
import polars as pl

root = sys.argv[1]


def both(name, sql, ask):
    """Prints a query's rows, which both give."""
    path = f"{root}/**/{name}.parquet"
    rows = duckdb.sql(sql.format(f"read_parquet('{path}', hive_partitioning = true)")).fetchall()
    others = ask(pl.scan_parquet(path, hive_partitioning=True)).collect().rows()
    print(name, rows)
    if rows != others:
        sys.exit(f"DuckDB reads {rows}, Polars {others}")


both(
    "scores",
    "select night, model, task, value from {} where \"primary\" order by all",
    lambda f: f.filter("primary").select("night", "model", "task", "value").sort(pl.all()),
)
both(
    "samples",
    "select night, task, count(*), sum(loglikelihoods[1]), sum(metrics['acc']) from {} group by all order by all",
    lambda f: f.with_columns(
        ll=pl.col("loglikelihoods").list.first(),
        acc=pl.col("metrics").map.get("acc"),
    ).group_by("night", "task").agg(pl.len(), pl.col("ll").sum(), pl.col("acc").sum()).sort("night", "task"),
)
