# ruff: noqa: N815 - the structs have the names of the wire
"""W1 by the tools that a Python user would take instead, each the way its own users would write it.

    python peers.py duckdb|polars|msgspec FILE [--repeat N]

Prints one JSON line: the median of the seconds from opening the file to the answers as the tool's
own tables, and the digest (see digest.py), which is made after the clock has stopped. Imports are
left out. Threads: as many as the process has cores; `compare.py` gives it one.
"""

import argparse
import json
import os
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from digest import HOUR_MS, NOISE, digest, heat_of_hours

Answer = tuple[float, Callable[[], dict[str, Any]]]


def run_duckdb(path: str) -> Answer:
    """One typed scan into a table of the columns that are needed, then five questions."""
    import duckdb

    started = time.perf_counter()
    db = duckdb.connect(config={"threads": len(os.sched_getaffinity(0))})
    noise = ", ".join(f"'{name}'" for name in NOISE)
    db.execute(
        f"""
        create temp table kept as
        select
            event as name, channel, userId as user, properties.revenue as revenue,
            context.location.country as country, epoch_ms("timestamp") as ms,
            event = 'Order Completed' and properties.revenue >= 50 as purchase,
            starts_with(properties.discountCode, 'SUMMER') as promo,
            lower(channel) in ('ios', 'android') as mobile,
            epoch_ms(receivedAt) - epoch_ms("timestamp") > 3600000 as late
        from read_json(?, format = 'newline_delimited', columns = {{
            event: 'VARCHAR', channel: 'VARCHAR', userId: 'VARCHAR',
            "timestamp": 'TIMESTAMP', receivedAt: 'TIMESTAMP',
            properties: 'STRUCT(revenue DOUBLE, discountCode VARCHAR)',
            context: 'STRUCT(traits STRUCT(email VARCHAR), location STRUCT(country VARCHAR))'
        }})
        where event not in ({noise}) and not ends_with(context.traits.email, '@test.example')
        """,
        [path],
    )
    totals = db.execute(
        "select count(*), count(*) filter (purchase), count(*) filter (promo),"
        " count(*) filter (mobile), count(*) filter (late) from kept"
    ).fetchnumpy()
    events = db.execute(
        "select name, channel, ms // 3600000 as hour, count(*) as count from kept group by all"
    ).fetchnumpy()
    by_name = db.execute(
        "select name, sum(revenue) as revenue, count(distinct user) as users from kept group by all"
    ).fetchnumpy()
    heat = db.execute(
        "select (ms // 86400000 + 3) % 7 as weekday, ms // 3600000 % 24 as hour, count(*) as count"
        " from kept group by all"
    ).fetchnumpy()
    countries = db.execute("select country, count(*) as count from kept group by all").fetchnumpy()
    seconds = time.perf_counter() - started

    def answer() -> dict[str, Any]:
        kept, *tags = (int(column[0]) for column in totals.values())
        rows = zip(
            *(events[key].tolist() for key in ("name", "channel", "hour", "count")), strict=True
        )
        slots = zip(*(heat[key].tolist() for key in ("weekday", "hour", "count")), strict=True)
        names = by_name["name"].tolist()
        return digest(
            kept=kept,
            tags=dict(zip(("purchase", "promo", "mobile", "late"), tags, strict=True)),
            groups={(name, channel, hour): count for name, channel, hour, count in rows},
            revenue=dict(zip(names, by_name["revenue"].tolist(), strict=True)),
            users=dict(zip(names, by_name["users"].tolist(), strict=True)),
            heat={(weekday, hour): count for weekday, hour, count in slots},
            countries=dict(
                zip(countries["country"].tolist(), countries["count"].tolist(), strict=True)
            ),
        )

    return seconds, answer


def run_polars(path: str) -> Answer:
    """One lazy scan with a schema, collected by the streaming engine, then five group-bys."""
    os.environ.setdefault("POLARS_MAX_THREADS", str(len(os.sched_getaffinity(0))))
    import polars as pl

    started = time.perf_counter()
    text, layout = pl.String, "%Y-%m-%dT%H:%M:%S%.3fZ"
    schema = {
        "event": text,
        "channel": text,
        "userId": text,
        "timestamp": text,
        "receivedAt": text,
        "properties": pl.Struct({"revenue": pl.Float64, "discountCode": text}),
        "context": pl.Struct(
            {"traits": pl.Struct({"email": text}), "location": pl.Struct({"country": text})}
        ),
    }
    properties, context = pl.col("properties").struct, pl.col("context").struct
    revenue = properties.field("revenue")
    moment = pl.col("timestamp").str.to_datetime(layout, time_unit="ms")
    received = pl.col("receivedAt").str.to_datetime(layout, time_unit="ms")
    kept = (
        pl.scan_ndjson(path, schema=schema)
        .filter(
            ~pl.col("event").is_in(NOISE),
            ~context.field("traits").struct.field("email").str.ends_with("@test.example"),
        )
        .select(
            pl.col("event").alias("name"),
            "channel",
            pl.col("userId").alias("user"),
            revenue.alias("revenue"),
            context.field("location").struct.field("country").alias("country"),
            moment.alias("moment"),
            purchase=(pl.col("event") == "Order Completed") & (revenue >= 50),
            promo=properties.field("discountCode").str.starts_with("SUMMER"),
            mobile=pl.col("channel").str.to_lowercase().is_in(["ios", "android"]),
            late=received - moment > pl.duration(hours=1),
        )
        .collect(engine="streaming")
    )
    tags = kept.select(pl.col("purchase", "promo", "mobile", "late").sum())
    hour = pl.col("moment").dt.epoch("ms") // HOUR_MS
    events = kept.group_by("name", "channel", hour.alias("hour")).len()
    by_name = kept.group_by("name").agg(
        pl.col("revenue").sum(), pl.col("user").drop_nulls().n_unique().alias("users")
    )
    heat = kept.group_by(
        (pl.col("moment").dt.weekday() - 1).alias("weekday"),
        pl.col("moment").dt.hour().alias("hour"),
    ).len()
    countries = kept.group_by("country").len()
    seconds = time.perf_counter() - started

    def answer() -> dict[str, Any]:
        return digest(
            kept=kept.height,
            tags=tags.row(0, named=True),
            groups={row[:3]: row[3] for row in events.iter_rows()},
            revenue=dict(by_name.select("name", "revenue").iter_rows()),
            users=dict(by_name.select("name", "users").iter_rows()),
            heat={row[:2]: row[2] for row in heat.iter_rows()},
            countries=dict(countries.iter_rows()),
        )

    return seconds, answer


def run_msgspec(path: str) -> Answer:
    """Typed structs without garbage collection, blocks of lines, one loop with counters."""
    from datetime import datetime

    import msgspec

    class Properties(msgspec.Struct, gc=False):
        revenue: float | None = None
        discountCode: str | None = None

    class Traits(msgspec.Struct, gc=False):
        email: str

    class Location(msgspec.Struct, gc=False):
        country: str

    class Context(msgspec.Struct, gc=False):
        traits: Traits
        location: Location

    class Track(msgspec.Struct, gc=False):
        event: str
        channel: str
        timestamp: datetime
        receivedAt: datetime
        properties: Properties
        context: Context
        userId: str | None = None

    started = time.perf_counter()
    decode_lines = msgspec.json.Decoder(Track).decode_lines
    noise, mobile_names = frozenset(NOISE), frozenset(["ios", "android"])
    kept = purchase = promo = mobile = late = 0
    events: Counter[tuple[str, str, int]] = Counter()
    countries: Counter[str] = Counter()
    revenue: defaultdict[str, float] = defaultdict(float)
    users: defaultdict[str, set[str]] = defaultdict(set)
    for block in blocks_of_lines(path):
        for track in decode_lines(block):
            name = track.event
            if name in noise or track.context.traits.email.endswith("@test.example"):
                continue
            kept += 1
            seconds = track.timestamp.timestamp()
            if (track.receivedAt - track.timestamp).total_seconds() > 3600:
                late += 1
            amount = track.properties.revenue
            if amount is not None:
                revenue[name] += amount
                purchase += name == "Order Completed" and amount >= 50
            code = track.properties.discountCode
            if code is not None and code.startswith("SUMMER"):
                promo += 1
            mobile += track.channel.lower() in mobile_names
            events[name, track.channel, int(seconds) // 3600] += 1
            if track.userId is not None:
                users[name].add(track.userId)
            countries[track.context.location.country] += 1
    hours: Counter[int] = Counter()
    for (_, _, hour), count in events.items():
        hours[hour] += count
    elapsed = time.perf_counter() - started

    def answer() -> dict[str, Any]:
        names = {name for name, _, _ in events}
        return digest(
            kept=kept,
            tags={"purchase": purchase, "promo": promo, "mobile": mobile, "late": late},
            groups=events,
            revenue=revenue,
            users={name: len(users[name]) for name in names},
            heat=heat_of_hours(hours),
            countries=countries,
        )

    return elapsed, answer


def blocks_of_lines(path: str, size: int = 1 << 20) -> Iterator[bytes]:
    """Yield about a megabyte of whole lines at a time."""
    with open(path, "rb") as file:
        while block := file.read(size):
            yield block + file.readline()


PEERS: dict[str, Callable[[str], Answer]] = {
    "duckdb": run_duckdb,
    "polars": run_polars,
    "msgspec": run_msgspec,
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("file")
    parser.add_argument("--repeat", type=int, default=1)
    chosen = parser.parse_args()
    runs = [PEERS[chosen.peer](chosen.file) for _ in range(chosen.repeat)]
    seconds = statistics.median(run[0] for run in runs)
    print(json.dumps({"peer": chosen.peer, "seconds": round(seconds, 4), "digest": runs[-1][1]()}))


if __name__ == "__main__":
    main()
