"""Decodes memory dumps in parallel on a Spark cluster, and writes them as snapshots into a store.

    spark-submit decode.py --to /srv/fleet --command structpage /srv/dumps/*.elf

Each dump is one task, which runs `structpage snapshot` on its executor: structpage, the dumps and the store must be there.
A dump that cannot be read becomes a row of the table `errors` of the store, and the job goes on. What may pass, such as a
process that was killed or a store that cannot be reached, fails the task, and Spark tries it again.

A list of dumps (--list) has a dump on each line, or several columns separated by tabs: dump, host, role, time.
"""

import argparse
import json
import shlex
import shutil
import subprocess
import sys
import tempfile
from datetime import datetime, timezone
from pathlib import Path

from pyspark import TaskContext
from pyspark.sql import SparkSession
from pyspark.sql.types import IntegerType, StringType, StructField, StructType, TimestampType

ERRORS = StructType(
    [
        StructField("time", TimestampType()),
        StructField("dump", StringType()),
        StructField("host", StringType()),
        StructField("code", IntegerType()),
        StructField("message", StringType()),
        StructField("attempts", IntegerType()),
        StructField("date", StringType()),
    ]
)
# Exit codes of structpage: wrong usage or no host, unreadable, unsupported.
UNREADABLE = (2, 3, 4)
LONGEST_MESSAGE = 2000


class Passing(Exception):
    """Another attempt may succeed."""


def read_list(lines):
    """The dumps of a list as dictionaries."""
    dumps = []
    for line in lines:
        text = line.rstrip("\r\n")
        if text.strip() and not text.startswith("#"):
            cells = [cell.strip() or None for cell in text.split("\t")]
            dumps.append(dict(zip(("dump", "host", "role", "time"), cells + [None] * 3)))
    return dumps


def arguments_of(dump, options, spool):
    """The command that decodes one dump."""
    command = [*shlex.split(options["command"]), "snapshot", dump["dump"], "--to", options["to"], "--spool", spool]
    for name in ("host", "role", "time"):
        if dump.get(name):
            command += [f"--{name}", dump[name]]
    return [*command, *shlex.split(options["arguments"])]


def decode(dump, options):
    """Runs structpage on one dump, and returns what it reported or what went wrong. Throws Passing."""
    spool = tempfile.mkdtemp(prefix="structpage-decode-")
    try:
        ran = subprocess.run(
            arguments_of(dump, options, spool),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=options["timeout"],
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Passing(f"{dump['dump']}: structpage did not end within {options['timeout']} s") from error
    except OSError as error:
        raise Passing(f"cannot run {options['command']}: {error}") from error
    finally:
        shutil.rmtree(spool, ignore_errors=True)
    report = report_of(ran.stdout)
    said = ran.stderr.decode("utf-8", "replace").strip()[-LONGEST_MESSAGE:]
    if report is not None:
        if report.get("spooled") or report.get("dropped") or ran.returncode not in (0, 3):
            raise Passing(f"{dump['dump']}: the snapshot did not reach {options['to']}: {said}")
        return {"dump": dump["dump"], "report": report}
    if ran.returncode in UNREADABLE and "cannot write" not in said:
        return {"dump": dump["dump"], "host": dump.get("host"), "code": ran.returncode, "message": said}
    raise Passing(f"{dump['dump']}: structpage ended with {ran.returncode}: {said}")


def report_of(output):
    """The line of JSON that structpage prints after a snapshot; None without one."""
    for line in output.decode("utf-8", "replace").splitlines():
        if line.startswith("{"):
            return json.loads(line)
    return None


def attempt(dump, options):
    """`decode` as a task. The last attempt makes an error of what may have passed."""
    attempts = TaskContext.get().attemptNumber() + 1
    try:
        return {**decode(dump, options), "attempts": attempts}
    except Passing as error:
        if attempts < options["attempts"]:
            raise
        return {
            "dump": dump["dump"],
            "host": dump.get("host"),
            "code": None,
            "message": str(error),
            "attempts": attempts,
        }


def write_errors(spark, errors, location):
    """Adds rows to the table `errors` of the store."""
    now = datetime.now(timezone.utc)
    rows = [
        (now, e["dump"], e["host"], e["code"], e["message"], e["attempts"], now.strftime("%Y-%m-%d")) for e in errors
    ]
    frame = spark.createDataFrame(rows, ERRORS).coalesce(1)
    frame.write.mode("append").partitionBy("date").parquet(f"{location}/errors")


def main():
    parser = argparse.ArgumentParser(description="Decodes memory dumps into a store of structpage snapshots.")
    parser.add_argument("dumps", nargs="*", help="dumps, by the paths that they have on the executors")
    parser.add_argument("--list", type=Path, help="file with a dump on each line, or dump, host, role and time in columns")
    parser.add_argument("--to", required=True, help="store as structpage names it: a folder that all executors share, or s3://bucket/prefix")
    parser.add_argument("--command", default="structpage", help="command that runs structpage on an executor")
    parser.add_argument("--arguments", default="", help="more arguments of 'structpage snapshot', e.g. '--classes'")
    parser.add_argument("--timeout", type=float, default=3600, help="seconds for one dump")
    options = parser.parse_args()
    dumps = [{"dump": path} for path in options.dumps]
    if options.list is not None:
        dumps += read_list(options.list.read_text(encoding="utf-8").splitlines())
    if not dumps:
        parser.error("name dumps, or a --list of them")
    spark = SparkSession.builder.appName("structpage decode").config("spark.sql.session.timeZone", "UTC").getOrCreate()
    context = spark.sparkContext
    task = {
        "command": options.command,
        "arguments": options.arguments,
        "to": options.to,
        "timeout": options.timeout,
        "attempts": 1 if context.master.startswith("local") else int(context.getConf().get("spark.task.maxFailures", "4")),
    }
    try:
        results = context.parallelize(dumps, len(dumps)).map(lambda dump: attempt(dump, task)).collect()
        errors = [result for result in results if "report" not in result]
        if errors:
            # Hadoop has another name for stores of this kind
            write_errors(spark, errors, options.to.rstrip("/").replace("s3://", "s3a://", 1))
        for result in results:
            print(json.dumps(result), flush=True)
        print(f"decode.py: {len(results) - len(errors)} dumps decoded, {len(errors)} errors", file=sys.stderr)
    finally:
        spark.stop()


if __name__ == "__main__":
    main()
