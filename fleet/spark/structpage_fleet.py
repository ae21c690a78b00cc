"""The views and ready queries of a structpage store for Spark SQL (Spark 3.4 or later).

    from structpage_fleet import open_store, read_query, run
    open_store(spark, "s3a://bucket/fleet")
    run(spark, read_query("leak-suspects"), {"snapshots": "7"}).show()
"""

import re
from pathlib import Path

from pyspark.sql.types import DateType, StringType, StructField, StructType

TABLES = ("pages", "summary", "free", "hosts")
QUERIES = Path(__file__).resolve().parent.parent

# Times are UTC, and names of hosts are text even if they look like numbers.
SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
    # A snapshot is many small files; by default Spark makes a task of 32 of them.
    "spark.sql.files.openCostInBytes": "262144",
}

_PARAMETER = re.compile(r"^-- parameter (\w+) (int|bigint|double|string|date) (\S+): ", re.M)
_VALUES = {
    "int": r"-?\d{1,9}",
    "bigint": r"-?\d{1,18}",
    "double": r"-?\d+(\.\d+)?",
    "date": r"\d{4}-\d\d-\d\d",
    "string": r"[\w .:/%@-]*",
}


def open_store(spark, location, since=None, until=None, merge_all=False):
    """Registers the tables of a store as views, between two dates if they are given, and returns the names of those that exist.

    The schema comes from the files of the newest date, since columns are only added. With `merge_all` it comes from all
    files, which takes a look at each of them.
    """
    for key, value in SETTINGS.items():
        spark.conf.set(key, value)
    found = [table for table in TABLES if _register(spark, location.rstrip("/"), table, since, until, merge_all)]
    if not found:
        raise ValueError(f"{location} holds no snapshots: expected folders such as hosts/date=2026-11-21")
    return found


def _register(spark, location, table, since, until, merge_all):
    root = f"{location}/{table}"
    dates = _dates(spark, root)
    if not dates:
        return False
    newest = root if merge_all else f"{root}/date={dates[-1]}"
    merged = spark.read.option("basePath", root).option("mergeSchema", "true").parquet(newest).schema
    columns = [field for field in merged.fields if field.name not in ("date", "host")]
    keys = [StructField("date", DateType()), StructField("host", StringType())]
    rows = spark.read.schema(StructType([*columns, *keys])).parquet(root)
    if since is not None:
        rows = rows.where(rows.date >= since)
    if until is not None:
        rows = rows.where(rows.date <= until)
    rows.createOrReplaceTempView(table)
    return True


def _dates(spark, root):
    """The dates that a table has files of, in order."""
    path = spark._jvm.org.apache.hadoop.fs.Path(root)
    files = path.getFileSystem(spark._jsc.hadoopConfiguration())
    if not files.exists(path):
        return []
    names = (status.getPath().getName() for status in files.listStatus(path))
    return sorted(name[len("date=") :] for name in names if name.startswith("date="))


def query_names():
    """The names of the ready queries."""
    return sorted(path.stem for path in QUERIES.glob("*.sql"))


def read_query(name):
    """The text of a ready query."""
    if name not in query_names():
        raise ValueError(f"there is no query {name!r}; choose {', '.join(query_names())}")
    return (QUERIES / f"{name}.sql").read_text(encoding="utf-8")


def parameters_of(sql):
    """The names of the parameters of a query."""
    return [name for name, _, _ in _PARAMETER.findall(sql)]


def parameters_statement(sql, values=None):
    """The statement that makes the view `parameters` of a query, as `structpage fleet sql --set` does."""
    values = dict(values or {})
    columns = []
    for name, kind, default in _PARAMETER.findall(sql):
        text = values.pop(name, default)
        if text == "null":
            columns.append(f"cast(null as {kind}) as {name}")
            continue
        if not re.fullmatch(_VALUES[kind], text, re.A):
            raise ValueError(f"the parameter {name} takes a {kind}, not {text!r}")
        literal = f"'{text}'" if kind in ("string", "date") else text
        columns.append(f"cast({literal} as {kind}) as {name}")
    if values:
        raise ValueError(f"the query has no parameter {', '.join(sorted(values))}")
    return f"create or replace temporary view parameters as select {', '.join(columns) or '1 as nothing'}"


def run(spark, sql, values=None):
    """Runs a query over the views of `open_store`, and returns its rows as a data frame."""
    spark.sql(parameters_statement(sql, values))
    return spark.sql(sql)
