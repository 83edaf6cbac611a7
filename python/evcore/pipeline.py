"""Compile a configuration once, then run it on documents, files and streams."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from evcore import _core
from evcore.aggregate import AggregateResult, Results
from evcore.batch import EventBatch
from evcore.config import Config, load_config
from evcore.errors import ConfigError, InputError
from evcore.events import encode, encode_lines
from evcore.sources import Buffer, Input, Source, as_bytes, is_buffer, resolve
from evcore.steps import PIECE_BYTES, Call, steps

if TYPE_CHECKING:
    from evcore.explain import Explanation, Plan
    from evcore.summary import Progress, Summary


__all__ = ["Pipeline"]

Document: TypeAlias = Buffer | str | Mapping[str, Any]
"""One document: NDJSON as bytes or text, or one event as a dictionary."""

BATCH_BYTES = 16 << 20
"""Input of one batch of `scan`: some 30,000 events, so that numpy has something to chew on."""

THREADS_MAX = 256
"""More threads than this is a slip of the finger."""

REJECTS_MAX = 1_000
"""Rejects that a summary keeps unless ``limits.max_rejects`` says otherwise."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"

EXPECTED = "give bytes, text or a dictionary"

_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_MICROSECOND = timedelta(microseconds=1)


class Pipeline:
    """A compiled configuration and the state of its aggregates.

    Calls from several threads are serialised by a lock; the GIL is free while the engine works.

    Parameters
    ----------
    config
        A :class:`Config` or the path of a file; none: the package's default.
    threads
        Threads that decode files in `run` and `scan`, 1 to 256. The answers do not depend on it.

    Raises
    ------
    ConfigError
        If the configuration is not valid.

    >>> pipeline = Pipeline()
    >>> batch = pipeline.process({"name": "Order Completed", "time": "2026-03-03T14:00:00Z"})
    >>> batch["name"].tolist(), pipeline.metrics()["kept"]
    (['Order Completed'], 1)
    """

    def __init__(
        self, config: Config | str | os.PathLike[str] | None = None, *, threads: int = 1
    ) -> None:
        if not 1 <= threads <= THREADS_MAX:
            raise ConfigError(f"threads must be 1 to {THREADS_MAX}, not {threads}")
        if not isinstance(config, Config):
            config = load_config(config)
        self._config = config
        self._core = _core.Pipeline(config.to_json().decode(), threads)

    @property
    def config(self) -> Config:
        """The configuration that it was made from."""
        return self._config

    def process(
        self,
        data: Document | Iterable[Document],
        *,
        feed: str | None = None,
        source: str | None = None,
        received: datetime | int | None = None,
    ) -> EventBatch:
        r"""Run events through all stages and return those that are kept.

        Parameters
        ----------
        data
            One whole document (NDJSON as ``bytes``, ``bytearray``, ``memoryview`` or ``str``, or
            one event as a dictionary), or an iterable of whole documents. Bytes are not copied;
            nobody may write to a ``bytearray`` while the call runs.
        feed
            The wire format, if it is not the configuration's.
        source
            Names the source of the events; the default is the feed's name.
        received
            When they arrived, for events that do not say so: an aware ``datetime``, or microseconds
            since 1970, UTC.

        Returns
        -------
        EventBatch with the rejects of this call.

        Raises
        ------
        InputError
            If *data* is a path or a file (`run` and `scan` take those), or of another wrong type.
        EventError
            If a dictionary holds a value that JSON cannot carry.

        >>> batch = Pipeline().process(b'{"name": "Signed Up", "time": 1772546400000}\nnot JSON')
        >>> len(batch), batch.rejects
        (1, [Reject(line 2, byte 45: bad_json: not a value of JSON)])
        """
        received_us = None if received is None else _received_us(received)
        if type(data) is bytes and len(data) <= PIECE_BYTES:
            return EventBatch(self._core.process(data, feed, source, received_us))
        document = _one_document(data)
        if len(document) <= PIECE_BYTES:
            return EventBatch(self._core.process(document, feed, source, received_us))
        # In pieces, so that Ctrl-C does not wait for a gigabyte.
        stream = self._core.stream("batch", feed, source, received_us)
        at = 0
        while at < len(document):
            at = stream.push(document, at, PIECE_BYTES)
        stream.push_end()
        return EventBatch(stream.take_batch())

    def scan(
        self,
        data: Source | Iterable[Source],
        *,
        feed: str | None = None,
        source: str | None = None,
        received: datetime | int | None = None,
    ) -> Iterator[EventBatch]:
        """Run files or a stream through all stages and yield bounded batches of kept events.

        Memory stays flat however large the input is. Events count as they are read: who stops half
        way has folded half of the input. Numpy columns stay valid as long as you hold them.

        Parameters
        ----------
        data
            A path, a pattern (``"events/*.ndjson"``), a folder (its ``.ndjson`` and ``.jsonl``
            files in order of name), ``"-"`` for standard input, a binary file object, bytes, or a
            list of these.
        feed, source, received
            As in :meth:`process`.

        Raises
        ------
        InputError
            At once if there is no such file; while reading if it cannot be read.

        >>> for batch in Pipeline().scan(b'{"name": "Signed Up", "time": 1772546400000}'):
        ...     print(len(batch))
        1
        """
        inputs = resolve(data)
        received_us = None if received is None else _received_us(received)
        call = Call("batch", feed, source, received_us)
        self._core.stream(*call)  # an unknown feed is an error now, not at the first batch
        return self._scan(call, inputs)

    def _scan(self, call: Call, inputs: list[Input]) -> Iterator[EventBatch]:
        taken_at = 0
        for step in steps(self._core, call, inputs):
            if step.is_end or step.bytes_read - taken_at >= BATCH_BYTES:
                taken_at = step.bytes_read
                batch = EventBatch(step.stream.take_batch())
                if len(batch) or batch.rejects:
                    yield batch

    def run(
        self,
        data: Source | Iterable[Source],
        *,
        output: str | os.PathLike[str] | None = None,
        progress: bool | Callable[[Progress], None] = False,
        feed: str | None = None,
        source: str | None = None,
        received: datetime | int | None = None,
    ) -> Summary:
        """Fold whole files or a stream into the aggregates, and finish.

        Parameters
        ----------
        data
            As in :meth:`scan`.
        output
            An ``.ndjson`` or ``.jsonl`` file for the kept events, each with its tags and category;
            it is written whole or not at all. ``"-"`` is standard output.
        progress
            ``True`` draws a line with rate and time left if standard error is a terminal; a
            function is called with a :class:`Progress` about ten times a second.
        feed, source, received
            As in :meth:`process`.

        Returns
        -------
        Summary: counts of each file, rejects, and the rate.

        Raises
        ------
        InputError
            If an input is missing or cannot be read.
        OutputError
            If the output cannot be written.

        >>> Pipeline().run(b'{"name": "Signed Up", "time": 1772546400000}').kept
        1
        """
        from evcore.run import run

        inputs = resolve(data)
        received_us = None if received is None else _received_us(received)
        sink = "none" if output is None else "ndjson"
        call = Call(sink, feed, source, received_us)
        limits = self._config.limits
        most = None if limits is None else limits.max_rejects
        return run(
            self._core,
            call,
            inputs,
            output=output,
            progress=progress,
            reject_limit=REJECTS_MAX if most is None else most,
        )

    def results(self) -> Results:
        """Return the answers so far, by name; later events do not change them."""
        return Results([AggregateResult(result) for result in self._core.results()])

    def metrics(self) -> dict[str, Any]:
        """Return the engine's counters.

        ``received = kept + sum(filtered) + duplicate + sum(rejected)`` holds at any moment;
        ``rules`` counts ``matched``, ``missing`` and ``errors`` of each rule.
        """
        return self._core.metrics()

    def explain(
        self,
        event: Document,
        *,
        feed: str | None = None,
        source: str | None = None,
        received: datetime | int | None = None,
    ) -> Explanation:
        """Return each rule's verdict on one event, with values and errors; nothing is counted.

        Raises
        ------
        DecodeError
            If *event* is not one valid event.
        """
        from evcore.explain import Explanation

        received_us = None if received is None else _received_us(received)
        document = _document(event, "")
        return Explanation(self._core.explain(document, feed, source, received_us))

    def plan(self) -> Plan:
        """Return what runs when: each rule's place, and which parts are vectorised."""
        from evcore.explain import Plan

        return Plan(self._core.plan())

    def merge(self, other: Pipeline) -> Self:
        """Add another pipeline's counts and aggregates to this one, and return this one.

        The result equals one run over both inputs, this one's first.

        Raises
        ------
        InputError
            If the two were made from different configurations, or are the same object.
        """
        if other is self:
            raise InputError("cannot merge a pipeline with itself")
        self._core.merge(other._core)
        return self

    def finish(self) -> None:
        """Close what waits for later events. `run` calls it; after `process` and `scan`, you do."""
        self._core.finish()

    def __repr__(self) -> str:
        config = self._config
        parts = [f"{len(config.tag)} tags", f"{len(config.filter)} filters"]
        return f"Pipeline({', '.join(parts)}, {len(config.aggregate)} aggregates)"


def _received_us(received: datetime | int) -> int:
    if isinstance(received, datetime):
        if received.tzinfo is None:
            raise InputError("received: the datetime has no time zone; use datetime.now(UTC)")
        return (received - _EPOCH) // _MICROSECOND
    if isinstance(received, int) and -(2**63) <= received < 2**63:
        return int(received)
    raise InputError("received: give an aware datetime, or microseconds since 1970 as an int")


def _one_document(data: Any) -> bytes | memoryview:
    """Return what `process` was given as one document."""
    if type(data) is dict or isinstance(data, str | Mapping) or is_buffer(data):
        return _document(data, "")
    kind = type(data).__name__
    if isinstance(data, os.PathLike) or callable(getattr(data, "read", None)):
        message = f"process() takes events and documents, not a {kind}: use run() or scan()"
        raise InputError(message)
    if not isinstance(data, Iterable):
        raise InputError(f"cannot process a {kind}: {EXPECTED}, or an iterable of these")
    items = data if isinstance(data, list) else list(data)
    if all(isinstance(item, Mapping) for item in items):
        return encode_lines(items)
    # Each document is whole: an open last line must not run into the next one, and a byte order
    # mark is only one at the start.
    parts: list[bytes | memoryview] = []
    for at, item in enumerate(items):
        part = item if type(item) is bytes else _document(item, f"[{at}]")
        if part[:3] == BYTE_ORDER_MARK and at:
            part = part[3:]
        parts.append(part)
        if part[-1:] != b"\n":
            parts.append(b"\n")
    return b"".join(parts)


def _document(data: Any, place: str) -> bytes | memoryview:
    if type(data) is dict:
        return encode(data, place=place)
    if isinstance(data, str):
        try:
            return data.encode()
        except UnicodeEncodeError as error:
            where = f"{place}: " if place else ""
            message = f"{where}the text is not valid Unicode: character {error.start}"
            raise InputError(message) from None
    if isinstance(data, Mapping):
        return encode(data, place=place)
    if not is_buffer(data):
        where = f"{place}: " if place else ""
        raise InputError(f"{where}cannot process a {type(data).__name__}: {EXPECTED}")
    return as_bytes(data)
