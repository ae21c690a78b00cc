"""Runs ready queries over a store on a Spark cluster.

    spark-submit --py-files structpage_fleet.py query.py STORE leak-suspects growers --set snapshots=7 --output answers

Each answer is written to OUTPUT/NAME.ndjson on the driver, or to standard output. Without names, all queries run.
"""

import argparse
import json
import sys
from pathlib import Path

from pyspark.sql import SparkSession
from structpage_fleet import open_store, parameters_of, query_names, read_query, run


def setting(text):
    name, sign, value = text.partition("=")
    if not sign:
        raise argparse.ArgumentTypeError(f"expected [QUERY.]NAME=VALUE, not {text!r}")
    return name, value


def settings_of(name, sql, given):
    """The values for one query: of `--set NAME=VALUE` and `--set QUERY.NAME=VALUE`."""
    values = {}
    for key, value in given:
        query, dot, parameter = key.rpartition(".")
        if (dot and query == name) or (not dot and parameter in parameters_of(sql)):
            values[parameter] = value
    return values


def main():
    parser = argparse.ArgumentParser(description="Runs ready queries over a store of structpage snapshots.")
    parser.add_argument("store", help="folder or URL of the store, as Spark reads it: /srv/fleet, s3a://bucket/fleet")
    parser.add_argument("queries", nargs="*", help="names of ready queries (default: all)")
    parser.add_argument("--set", action="append", type=setting, default=[], metavar="[QUERY.]NAME=VALUE")
    parser.add_argument("--from", dest="since", metavar="DATE", help="read snapshots from this date on")
    parser.add_argument("--to", dest="until", metavar="DATE", help="read snapshots up to this date")
    parser.add_argument("--merge-schema", action="store_true", help="take the schema from all files, not from the newest date")
    parser.add_argument("--output", type=Path, help="folder for the answers")
    options = parser.parse_args()
    spark = SparkSession.builder.appName("structpage queries").getOrCreate()
    try:
        queries = {name: read_query(name) for name in options.queries or query_names()}
        open_store(spark, options.store, options.since, options.until, options.merge_schema)
        for name, sql in queries.items():
            rows = run(spark, sql, settings_of(name, sql, options.set)).collect()
            write(name, [row.asDict() for row in rows], options.output)
            if options.output is not None:
                print(f"{name}: {len(rows)} rows", flush=True)
    except ValueError as error:
        sys.exit(f"query.py: {error}")
    finally:
        spark.stop()


def write(name, rows, folder):
    lines = "".join(f"{json.dumps(row, default=str)}\n" for row in rows)
    if folder is None:
        sys.stdout.write(lines)
    else:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.ndjson").write_text(lines, encoding="utf-8")


if __name__ == "__main__":
    main()
