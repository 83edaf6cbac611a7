"""Events of a shop that does not exist, for tests, demos and benchmarks.

The generator plays a shop hour by hour over four weeks and writes what a Segment source would have
received: NDJSON, one ``track`` call a line, in order of receipt. Real traffic is untidy, and an
engine that has only seen tidy events breaks on the first day, so the untidy parts are here in known
shares (the constants below): duplicates, late and slow arrivals, bursts, users who fall silent,
test users, noise, missing and null fields, text in several scripts and encodings.

The same arguments give the same bytes on every machine and Python version: of ``random`` only
``random()`` and ``getrandbits()`` are used, whose sequences Python promises to keep.

Command line::

    python -m evcore.testing 400000 events.ndjson --seed 7
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import sys
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import log
from pathlib import Path
from typing import Any, Final, TypeAlias

__all__ = ["DAYS", "NOISE", "START", "Event", "events", "write_events"]

Event: TypeAlias = dict[str, Any]
"""One ``track`` call, as a dictionary."""

START: Final = datetime(2026, 3, 9, tzinfo=UTC)
"""First moment of the first day: a Monday, so that the last Sunday changes the clocks of Europe."""

DAYS: Final = 28
"""Length of the story in days."""

NOISE: Final = ("miscellaneous", "heartbeat", "debug")
"""Names of events that say nothing about a customer."""

_HOUR_MS: Final = 3_600_000
_DAY_MS: Final = 24 * _HOUR_MS
_START_MS: Final = int(START.timestamp()) * 1000

# Shares, as fractions of events unless a line says otherwise.
_DUPLICATE: Final = 0.03  # sent again 1 s to 2 h later, with the same id
_LATE: Final = 0.02  # received 1 h to 3 days after it happened
_SLOW: Final = 0.04  # received 5 to 60 minutes after it happened
_QUIET: Final = 0.08  # of users: silent in the two middle weeks
_LOUD: Final = 0.002  # of users: the ones whose client runs wild
_BURST: Final = 0.002  # of visits: 50 to 400 events in less than a minute
_TEST_USER_EVERY: Final = 100  # one user in so many has an address at test.example
_ANONYMOUS_EVERY: Final = 5  # one user in so many never signs in
_BURST_COUNT_MIN: Final = 2_000  # smaller files have no bursts: one would be most of the file

# Visits per hour of the day, UTC; Tuesdays from 13:00 to 17:00 have three times as many.
_NIGHT, _MORNING = (3, 2, 1, 1, 1, 2), (3, 6, 9, 11, 12, 12)
_AFTERNOON, _EVENING = (11, 12, 13, 12, 11, 10), (11, 13, 12, 9, 6, 4)
_DAY_SHAPE: Final = (*_NIGHT, *_MORNING, *_AFTERNOON, *_EVENING)
_TUESDAY, _PEAK_FROM, _PEAK_TO, _PEAK = 1, 13, 17, 3

_ADJECTIVES: Final = ("red", "blue", "süße", "größte", "petit", 'so-called "new"', "зелёный", "old")
_NOUNS: Final = (
    "boots",
    "café cup",
    "靴",
    "lamp",
    "back\\pack",
    "tea\ttin",
    "two\nlines",
    "kite 🪁",
)
_SEARCHES: Final = ("boots size 42", "lamp", "靴 26cm", "gift < 50€", "rug \\ runner", "chaise")
_COUPONS: Final = ("SUMMER21", "SUMMER26", "WELCOME10", "FREESHIP", "TEAM", "AUTUMN")


class _Table:
    """A choice among values by weight."""

    def __init__(self, weights: dict[Any, int]) -> None:
        self._values = list(weights)
        self._sums = list(itertools.accumulate(weights.values()))

    def pick(self, dice: random.Random) -> Any:
        return self._values[bisect_right(self._sums, int(dice.random() * self._sums[-1]))]


_CHANNELS: Final = _Table({"web": 45, "ios": 27, "android": 22, "server": 6})
_COUNTRIES: Final = _Table(
    {"US": 36, "DE": 12, "GB": 11, "FR": 8, "JP": 8, "IN": 7, "BR": 7, "CA": 5, "AU": 4, "NZ": 2}
)
_CURRENCIES: Final = {"US": "USD", "GB": "GBP", "JP": "JPY", "DE": "EUR", "FR": "EUR"}
_OPENINGS: Final = _Table(
    {"Page Viewed": 55, "Product Viewed": 25, "Search": 10, "Signed In": 8, "Signed Up": 2}
)
_BROWSING: Final = _Table(
    {"Product Viewed": 38, "Page Viewed": 20, "Search": 10, "Video Played": 4, "Product Removed": 2}
    | {"heartbeat": 9, "miscellaneous": 8, "debug": 2}
)
_USER_AGENTS: Final = {
    "web": "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:139.0) Gecko/20100101 Firefox/139.0",
    "ios": "Boutique/7.1.0 (iPhone; iOS 18.5; Scale/3.00)",
    "android": "Boutique/7.1.0 (Linux; U; Android 15; SM-S931B)",
    "server": "boutique-backend/2026.3 python-httpx/0.28",
}


@dataclass(slots=True)
class _Person:
    """A customer, and what every event of theirs says about them."""

    number: int
    country: str
    quiet: bool

    @property
    def email(self) -> str:
        host = "test.example" if self.number % _TEST_USER_EVERY == 3 else "mail.example"
        return f"customer.{self.number}@{host}"

    @property
    def user_id(self) -> str | None:
        return f"u{self.number}" if self.number % _ANONYMOUS_EVERY else None


@dataclass(slots=True)
class _Visit:
    """One person's way through the shop: what lies in the basket decides what can come next."""

    dice: random.Random
    person: _Person
    channel: str
    now_ms: int
    basket: list[Event] = field(default_factory=list)
    coupon: str | None = None
    seen: Event | None = None
    name: str = ""

    def next_name(self) -> str:
        """Return the name of the visit's next event."""
        chance = self.dice.random()
        if not self.name:
            return str(_OPENINGS.pick(self.dice))
        if self.name == "Checkout Started" and chance < 0.65:
            return "Order Completed"
        if self.name == "Order Completed" and chance < 0.08:
            return "Order Refunded"
        if self.name == "Product Viewed" and chance < 0.25:
            return "Product Added"
        if self.basket and chance < 0.20:
            return "Checkout Started"
        if self.basket and self.coupon is None and chance < 0.26:
            return "Coupon Applied"
        name = str(_BROWSING.pick(self.dice))
        return "Page Viewed" if name == "Product Removed" and not self.basket else name

    def properties(self, name: str) -> Event:
        """Return what the event of that name says about itself; moves the basket along."""
        maker = _PROPERTIES.get(name)
        return maker(self) if maker else {}

    def page(self) -> Event:
        number = int(self.dice.random() * 250)
        return {
            "path": f"/department/{number}",
            "referrer": None if self.dice.random() < 0.5 else "https://find.example/?q=shop",
            "title": f"{_one_of(self.dice, _ADJECTIVES)} {_one_of(self.dice, _NOUNS)}",
            "scroll": int(self.dice.random() * 100) / 100,
        }

    def product(self) -> Event:
        number = int(self.dice.random() * 4000)
        # Squares make few dear things and many cheap ones.
        cents = 199 + int(self.dice.random() ** 2 * 20_000)
        self.seen = {
            "product_id": f"p{number}",
            "sku": f"SH-{number * 7:05d}",
            "name": f"{_one_of(self.dice, _ADJECTIVES)} {_one_of(self.dice, _NOUNS)}",
            "price": cents / 100,
        }
        return {**self.seen, "position": int(self.dice.random() * 48)}

    def add(self) -> Event:
        if self.seen is None:
            self.product()
        item = {**(self.seen or {}), "quantity": 1 + int(self.dice.random() ** 3 * 4)}
        self.basket.append(item)
        return item

    def remove(self) -> Event:
        return self.basket.pop()

    def search(self) -> Event:
        return {"query": _one_of(self.dice, _SEARCHES), "results": int(self.dice.random() * 300)}

    def apply_coupon(self) -> Event:
        self.coupon = _one_of(self.dice, _COUPONS)
        return {"discountCode": self.coupon, "purchasingChannel": self.channel}

    def checkout(self) -> Event:
        return self._order("c")

    def order(self) -> Event:
        order = self._order("o")
        self.basket, self.coupon = [], None
        return order

    def refund(self) -> Event:
        cents = 500 + int(self.dice.random() * 9_500)
        return {
            "order_id": f"o-{self.dice.getrandbits(40):010x}",
            "revenue": -cents / 100,
            "currency": "EUR",
        }

    def video(self) -> Event:
        return {
            "video_id": f"v{int(self.dice.random() * 90)}",
            "seconds": int(self.dice.random() * 6000) / 10,
        }

    def _order(self, kind: str) -> Event:
        cents = sum(round(item["price"] * 100) * item["quantity"] for item in self.basket)
        order: Event = {
            "order_id": f"{kind}-{self.dice.getrandbits(40):010x}",
            "revenue": cents / 100,
            "currency": _CURRENCIES.get(self.person.country, "USD"),
            "products": list(self.basket),
        }
        if self.coupon is not None:
            order["discountCode"] = self.coupon
        elif self.dice.random() < 0.1:
            order["discountCode"] = None
        return order


_PROPERTIES: Final[dict[str, Callable[[_Visit], Event]]] = {
    "Page Viewed": _Visit.page,
    "Product Viewed": _Visit.product,
    "Product Added": _Visit.add,
    "Product Removed": _Visit.remove,
    "Search": _Visit.search,
    "Coupon Applied": _Visit.apply_coupon,
    "Checkout Started": _Visit.checkout,
    "Order Completed": _Visit.order,
    "Order Refunded": _Visit.refund,
    "Video Played": _Visit.video,
}


def _one_of(dice: random.Random, values: Sequence[str]) -> str:
    return values[int(dice.random() * len(values))]


def _exponential(dice: random.Random, mean: float) -> int:
    return int(-log(1.0 - dice.random()) * mean)


class _Shop:
    """The four weeks, as a sequence of hours with events that wait for their time of receipt."""

    def __init__(self, count: int, seed: int, users: int) -> None:
        self.dice = random.Random(seed)
        self.count = count
        self.people = [
            _Person(number, _COUNTRIES.pick(self.dice), self.dice.random() < _QUIET)
            for number in range(users)
        ]
        self.loud = max(1, int(users * _LOUD))
        self.made = 0
        self.waiting: list[tuple[int, int, Event]] = []

    def run(self) -> Iterator[Event]:
        """Yield ``count`` events in order of receipt."""
        shares = [
            share * (_PEAK if day % 7 == _TUESDAY and _PEAK_FROM <= hour < _PEAK_TO else 1)
            for day in range(DAYS)
            for hour, share in enumerate(_DAY_SHAPE)
        ]
        due, total = 0, sum(shares)
        for hour, share in enumerate(shares):
            due += share
            # What is due by the end of the hour; a long visit takes from the hours after it.
            while self.made * total < due * self.count:
                self._visit(hour)
            yield from self._received_before((hour + 1) * _HOUR_MS)
        yield from self._received_before(None)

    def _received_before(self, end_ms: int | None) -> Iterator[Event]:
        self.waiting.sort(key=lambda entry: entry[:2])
        ready = len(self.waiting)
        if end_ms is not None:
            ready = bisect_right(self.waiting, end_ms - 1, key=lambda entry: entry[0])
        yield from (event for _, _, event in self.waiting[:ready])
        del self.waiting[:ready]

    def _visit(self, hour: int) -> None:
        dice = self.dice
        start_ms = hour * _HOUR_MS + int(dice.random() * _HOUR_MS)
        is_burst = self.count >= _BURST_COUNT_MIN and dice.random() < _BURST
        length = 50 + int(dice.random() * 350) if is_burst else 1 + min(29, _exponential(dice, 7))
        person = self._person(hour // 24, is_burst)
        visit = _Visit(dice, person, _CHANNELS.pick(dice), start_ms)
        for _ in range(length):
            visit.name = visit.next_name()
            self._receive(visit, visit.properties(visit.name))
            visit.now_ms += (
                int(dice.random() * 140) if is_burst else 300 + _exponential(dice, 28_000)
            )

    def _person(self, day: int, is_burst: bool) -> _Person:
        if is_burst:
            return self.people[int(self.dice.random() * self.loud)]
        asleep = DAYS // 4 <= day < DAYS * 3 // 4
        while True:
            # A quarter of the visits come from regulars, who have low numbers.
            luck = self.dice.random()
            if self.dice.random() < 0.25:
                luck **= 4
            person = self.people[int(luck * len(self.people))]
            if not (person.quiet and asleep) or all(other.quiet for other in self.people):
                return person

    def _receive(self, visit: _Visit, properties: Event) -> None:
        dice = self.dice
        received_ms = visit.now_ms + self._delay_ms()
        event = _track(visit, properties, dice.getrandbits(128), received_ms)
        self._wait(received_ms, event)
        if dice.random() < _DUPLICATE:
            received_ms += 1_000 + int(dice.random() * 2 * _HOUR_MS)
            self._wait(received_ms, {**event, "receivedAt": _rfc3339(received_ms)})

    def _wait(self, received_ms: int, event: Event) -> None:
        # The last visit may be longer than what is left of `count`.
        if self.made < self.count:
            self.waiting.append((received_ms, self.made, event))
            self.made += 1

    def _delay_ms(self) -> int:
        chance, length = self.dice.random(), self.dice.random()
        if chance < _LATE:
            return _HOUR_MS + 1 + int(length * (3 * _DAY_MS - _HOUR_MS))
        if chance < _LATE + _SLOW:
            return 300_000 + int(length * 3_300_000)
        return 90 + int(length * 25_000)


def _track(visit: _Visit, properties: Event, number: int, received_ms: int) -> Event:
    person, channel = visit.person, visit.channel
    digits = f"{number:032x}"
    event: Event = {
        "type": "track",
        "event": visit.name,
        "messageId": f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}",
        "anonymousId": f"anon-{person.number:06d}",
    }
    if person.user_id is not None:
        event["userId"] = person.user_id
    elif channel == "server":
        event["userId"] = None  # what Python's library sends for nobody
    event["timestamp"] = _rfc3339(visit.now_ms)
    event["receivedAt"] = _rfc3339(received_ms)
    event["channel"] = channel
    event["properties"] = properties
    event["context"] = {
        "ip": f"198.51.100.{person.number % 256}",
        "userAgent": _USER_AGENTS[channel],
        "locale": "en-GB",
        "library": {"name": f"boutique-{channel}", "version": "7.1.0"},
        "location": {"country": person.country},
        "traits": {"email": person.email},
    }
    return event


def _rfc3339(story_ms: int) -> str:
    """Return a moment of the story, which began at START, with milliseconds."""
    seconds, ms = divmod(story_ms, 1000)
    days, second = divmod(seconds, 86_400)
    minute, second = divmod(second, 60)
    hour, minute = divmod(minute, 60)
    return f"{_date(days)}T{hour:02d}:{minute:02d}:{second:02d}.{ms:03d}Z"


_DATES: Final[dict[int, str]] = {}


def _date(days: int) -> str:
    if days not in _DATES:
        moment = datetime.fromtimestamp(_START_MS // 1000 + days * 86_400, UTC)
        _DATES[days] = moment.date().isoformat()
    return _DATES[days]


def _shuffled(dice: random.Random, value: Any) -> Any:
    """Return the value with the keys of each of its objects in some order."""
    if isinstance(value, list):
        return [_shuffled(dice, item) for item in value]
    if not isinstance(value, dict):
        return value
    items = [(dice.random(), key, _shuffled(dice, item)) for key, item in value.items()]
    return {key: item for _, key, item in sorted(items, key=lambda entry: entry[0])}


def events(
    count: int, *, seed: int = 1, users: int | None = None, shuffle_keys: bool = False
) -> Iterator[Event]:
    """Yield Segment ``track`` calls in order of receipt.

    Parameters
    ----------
    count
        How many, duplicates included.
    seed
        Another seed tells another story of the same shape.
    users
        Size of the population; the default is one user for 40 events, at least 10.
    shuffle_keys
        Whether the keys of every object come in a random order.

    Returns
    -------
    Iterator of *count* dictionaries. A duplicate shares its values with the first: change copies.

    >>> first = next(events(100, seed=1))
    >>> first["type"], sorted(first["context"]["location"])
    ('track', ['country'])
    >>> sum(1 for _ in events(100))
    100
    """
    if count < 0:
        raise ValueError(f"count must be at least 0, got {count}")
    if users is not None and users < 1:
        raise ValueError(f"users must be at least 1, got {users}")
    story = _Shop(count, seed, users or max(10, count // 40)).run()
    if not shuffle_keys:
        return story
    dice = random.Random(seed + 1)
    return (_shuffled(dice, event) for event in story)


def write_events(
    path: str | Path,
    count: int,
    *,
    seed: int = 1,
    users: int | None = None,
    shuffle_keys: bool = False,
) -> int:
    r"""Write :func:`events` to a file as NDJSON, and return its size in bytes.

    Text is UTF-8; as in real traffic, events of the channel ``server`` write it as ``\uXXXX``
    escapes.

    Parameters
    ----------
    path
        File to make or replace; ``-`` is standard output.
    count, seed, users, shuffle_keys
        As in :func:`events`.

    Returns
    -------
    Bytes written: about 570 for an event.
    """
    plain = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    escaped = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode
    stream = events(count, seed=seed, users=users, shuffle_keys=shuffle_keys)
    lines = ((escaped if event["channel"] == "server" else plain)(event) for event in stream)
    if str(path) == "-":
        return _write_lines(sys.stdout.buffer, lines)
    with Path(path).open("wb") as file:
        return _write_lines(file, lines)


def _write_lines(file: Any, lines: Iterator[str]) -> int:
    size = 0
    while block := list(itertools.islice(lines, 1000)):
        data = ("\n".join(block) + "\n").encode()
        file.write(data)
        size += len(data)
    return size


def _main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m evcore.testing", description="Write made-up Segment track calls as NDJSON."
    )
    parser.add_argument("count", type=int, help="how many events, duplicates included")
    parser.add_argument("out", help="file to write; - is standard output")
    parser.add_argument(
        "--seed", type=int, default=1, help="another seed, another story (default 1)"
    )
    parser.add_argument("--users", type=int, help="size of the population (default: count / 40)")
    parser.add_argument(
        "--shuffle-keys", action="store_true", help="keys of objects in random order"
    )
    chosen = parser.parse_args(arguments)
    try:
        write_events(
            chosen.out,
            chosen.count,
            seed=chosen.seed,
            users=chosen.users,
            shuffle_keys=chosen.shuffle_keys,
        )
    except (OSError, ValueError) as error:
        print(f"evcore.testing: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_main())
