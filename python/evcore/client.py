"""`init` once, `log_event` anywhere: the engine embedded in this process.

Events wait as JSON in a small buffer and are folded into one pipeline in blocks, by the thread that
fills the block. Nothing leaves the process.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Mapping
from itertools import count
from typing import TYPE_CHECKING, Any, TypedDict

import msgspec

from evcore.errors import EvcoreError, EventError
from evcore.events import check_time, encode

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Unpack

    from evcore.aggregate import Results
    from evcore.config import Config
    from evcore.pipeline import Pipeline

__all__ = ["Counters", "counters", "flush", "init", "log_event", "metrics", "results", "shutdown"]

BLOCK_EVENTS = 1024
"""Events that wait before they are folded: one block of the engine."""

BLOCK_BYTES = 1 << 20
"""The same for large events: a buffer of this size costs a server nothing."""

EVENT_BYTES_MAX = 1 << 20
"""Largest event unless ``limits.max_event_bytes`` says otherwise."""


class EventFields(TypedDict, total=False):
    """What `log_event` takes by keyword: the canonical fields."""

    kind: str
    wire_category: str
    id: str
    time: datetime | str | float
    sent: datetime | str | float
    received: datetime | str | float
    user: str
    anonymous: str
    previous: str
    group: str
    wire_session: str
    platform: str
    attributes: Mapping[str, Any]
    flags: Mapping[str, Any]
    traits: Mapping[str, Any]
    identities: Mapping[str, Any]
    context: Mapping[str, Any]


_FIELDS = frozenset(EventFields.__annotations__)

TIME_KEYS = ("time", "timestamp", "sent", "received")
"""Keys of an event that hold a moment."""


class Counters(msgspec.Struct, frozen=True, kw_only=True):
    """The client's counters; ``logged = accepted + pending + sum(dropped)`` holds at any moment."""

    logged: int
    """Events that `log_event` took."""
    accepted: int
    """Events that the engine has received; `metrics` tells what became of them."""
    pending: int
    """Events that wait in the buffer."""
    dropped: dict[str, int]
    """Events that were given up, by reason: ``closed`` came after `shutdown`."""


class Client:
    """The state behind the module's functions; one per process."""

    def __init__(self, api_key: str, config: Config | str | os.PathLike[str] | None) -> None:
        self.api_key = api_key
        self.config = config
        self.is_closed = False
        self._start()

    def _start(self) -> None:
        from evcore.pipeline import Pipeline

        # Reentrant: a signal handler or a finalizer that logs may interrupt this very thread.
        self._lock = threading.RLock()
        self._buffer = bytearray()
        self._logged = 0
        self._pending = 0
        self._dropped: dict[str, int] = {}
        self._id_prefix = secrets.token_hex(8)
        self._id_next = count()
        self._pipeline: Pipeline = Pipeline(self.config)
        limits = self._pipeline.config.limits
        most = None if limits is None else limits.max_event_bytes
        self._event_bytes_max = EVENT_BYTES_MAX if most is None else most

    def after_fork(self) -> None:
        """Begin anew in a forked child: the parent keeps its events, and perhaps the lock."""
        self._start()

    def log(self, event: Mapping[str, Any]) -> None:
        """Encode one event, add what is missing, and fold the block if it is full."""
        given = event.get
        missing = ""
        if given("time") is None and given("timestamp") is None:
            missing = f',"time":{time.time_ns() // 1_000_000}'
        if given("received") is None:
            missing += f',"received":{time.time_ns() // 1_000_000}'
        if given("id") is None and given("sourceMessageId") is None:
            missing += f',"id":"{self._id_prefix}-{next(self._id_next):x}"'
        for key in TIME_KEYS:
            if key in event:
                check_time(event, key)
        if missing and None in event.values():
            # A key that is there with no value must not stand beside its new value.
            event = {key: value for key, value in event.items() if value is not None}
        line = encode(event)
        if missing:
            line = line[:-1] + (missing if len(line) > 2 else missing[1:]).encode() + b"}"
        if len(line) > self._event_bytes_max:
            most = self._event_bytes_max
            raise EventError(f"event: {len(line):,} bytes; limits.max_event_bytes is {most:,}")
        with self._lock:
            self._logged += 1
            if self.is_closed:
                self._dropped["closed"] = self._dropped.get("closed", 0) + 1
                return
            self._buffer += line
            self._buffer += b"\n"
            self._pending += 1
            if self._pending >= BLOCK_EVENTS or len(self._buffer) >= BLOCK_BYTES:
                self._fold()

    def _fold(self) -> None:
        if self._pending:
            # A signal handler that logs can run at any call, but not inside this assignment.
            fresh = bytearray()
            block, self._buffer, self._pending = self._buffer, fresh, 0
            self._pipeline.process(block)

    def fold(self) -> None:
        """Fold what is pending."""
        with self._lock:
            self._fold()

    def close(self) -> None:
        """Fold what is pending and take no more events."""
        with self._lock:
            self._fold()
            if not self.is_closed:
                self.is_closed = True
                self._pipeline.finish()

    def results(self) -> Results:
        """Return the answers up to now."""
        with self._lock:
            self._fold()
            return self._pipeline.results()

    def metrics(self) -> dict[str, Any]:
        """Return the engine's counters up to now."""
        with self._lock:
            self._fold()
            return self._pipeline.metrics()

    def counters(self) -> Counters:
        """Return the client's counters."""
        with self._lock:
            while True:
                logged = self._logged
                counters = Counters(
                    logged=logged,
                    accepted=self._pipeline.metrics()["received"],
                    pending=self._pending,
                    dropped=dict(self._dropped),
                )
                # Unless a signal handler logged in between.
                if logged == self._logged:
                    return counters


_client: Client | None = None


def _after_fork() -> None:
    if _client is not None:
        _client.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def init(api_key: str = "", *, config: Config | str | os.PathLike[str] | None = None) -> None:
    """Start the embedded engine of this process.

    A forked child starts with an empty engine of its own.

    Parameters
    ----------
    api_key
        Names the workspace once a destination is configured; nothing is sent anywhere now.
    config
        A :class:`Config` or a file's path; none: the package's default, with sensible insights.

    Raises
    ------
    EvcoreError
        If it runs already, with other arguments.
    ConfigError
        If the configuration is not valid.

    >>> import evcore
    >>> evcore.init("API_KEY")
    >>> evcore.log_event("Purchase", user="u1", attributes={"revenue": 12.5})
    >>> evcore.counters().pending
    1
    >>> evcore.results()["events"].to_dict()["name"]
    ['Purchase']
    >>> evcore.shutdown()
    True
    """
    global _client  # noqa: PLW0603
    if _client is not None and not _client.is_closed:
        if (_client.api_key, _client.config) == (api_key, config):
            return
        raise EvcoreError("evcore runs already, with other arguments: call evcore.shutdown() first")
    _client = Client(api_key, config)


def _running() -> Client:
    if _client is None:
        raise EvcoreError("call evcore.init() first")
    return _client


def log_event(event: Mapping[str, Any] | str, /, **fields: Unpack[EventFields]) -> None:
    """Log one event; safe from any thread.

    Parameters
    ----------
    event
        The event as a dictionary in canonical form (``{"messageType": "event", "eventName": …}``
        is fine, too), or its name.
    **fields
        With a name: the canonical fields ``user``, ``attributes``, ``flags``, ``time``, …

    Notes
    -----
    A missing ``time`` is now; ``received`` is now; a missing ``id`` is made. After `shutdown` an
    event is counted as dropped.

    Raises
    ------
    EventError
        If a value cannot be written as JSON, a keyword is no canonical field, or the event is
        larger than ``limits.max_event_bytes``. Such an event is not counted as logged.
    EvcoreError
        If `init` was not called.

    >>> import evcore
    >>> evcore.init("API_KEY")
    >>> evcore.log_event({"messageType": "event", "eventName": "Purchase"})
    >>> evcore.log_event("Purchase", attributes={"price": object()})
    Traceback (most recent call last):
    evcore.errors.EventError: attributes.price: cannot write a object as JSON: ...
    >>> evcore.shutdown()
    True
    """
    client = _client
    if client is None:
        raise EvcoreError("call evcore.init() first")
    if isinstance(event, str):
        if not _FIELDS.issuperset(fields):
            raise EventError(_unknown_field(fields))
        client.log({"name": event, **fields})
    elif type(event) is not dict and not isinstance(event, Mapping):
        kind = type(event).__name__
        raise EventError(f"event: give a name or a dictionary, not a {kind}")
    elif fields:
        raise EventError("event: give either a dictionary or a name with keywords, not both")
    else:
        client.log(event)


def _unknown_field(fields: Mapping[str, object]) -> str:
    import difflib

    name = next(name for name in fields if name not in _FIELDS)
    close = difflib.get_close_matches(name, _FIELDS, n=1)
    meant = f"; did you mean {close[0]}?" if close else f": the fields are {', '.join(_FIELDS)}"
    return f"{name}: not a field of an event{meant}"


def results() -> Results:
    """Return the answers of all aggregates up to now."""
    return _running().results()


def counters() -> Counters:
    """Return what became of the logged events: ``logged = accepted + pending + sum(dropped)``."""
    return _running().counters()


def metrics() -> dict[str, Any]:
    """Return the engine's counters up to now, as :meth:`evcore.Pipeline.metrics` does."""
    return _running().metrics()


def flush(*, timeout: float = 5.0) -> bool:
    """Fold what is pending, and return whether nothing is left.

    Parameters
    ----------
    timeout
        Seconds to wait for destinations; there are none yet, so it returns at once.
    """
    del timeout
    client = _running()
    client.fold()
    return client.counters().pending == 0


def shutdown(*, timeout: float = 5.0) -> bool:
    """Flush, and take no more events; `results` and `counters` still answer.

    Parameters
    ----------
    timeout
        As in :func:`flush`.
    """
    del timeout
    if _client is None:
        return True
    _client.close()
    return True
