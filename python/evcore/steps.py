"""The walk over the inputs of `scan` and `run`, cut into short steps.

The engine works without the GIL and does not look at signals, so it must come back often.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from evcore.errors import InputError
from evcore.sources import File, Input, Pieces

if TYPE_CHECKING:
    from evcore import _core

PIECE_BYTES = 4 << 20
"""Read from a file object at once, and the largest document that is one call of the engine."""

STEP_BYTES = 16 << 20
"""Most that one step reads of a file."""

STEP_SECONDS = 0.05
"""Longest step: Ctrl-C and the progress line feel immediate."""


class Call(NamedTuple):
    """What a caller says about the events, and what of them is wanted."""

    sink: str
    """``"none"``, ``"batch"`` or ``"ndjson"``."""
    feed: str | None
    source: str | None
    received_us: int | None


class Step(NamedTuple):
    """How far the walk is."""

    number: int
    """The input's number."""
    stream: _core.Stream
    """The input's stream."""
    bytes_read: int
    """Bytes read so far, of all inputs."""
    is_end: bool
    """Whether the input ends here."""


def steps(pipeline: _core.Pipeline, call: Call, inputs: list[Input]) -> Iterator[Step]:
    """Feed the inputs to the engine, and yield often enough for signals, batches and progress."""
    before = 0
    for number, source in enumerate(inputs):
        stream = pipeline.stream(*call)
        try:
            if isinstance(source, File):
                stream.open(source.name)
                while stream.step(STEP_SECONDS, STEP_BYTES):
                    yield Step(number, stream, before + stream.bytes_read, is_end=False)
            else:
                for _ in _push(stream, source):
                    yield Step(number, stream, before + stream.bytes_read, is_end=False)
                stream.push_end()
        except OSError as error:
            raise InputError(f"{source.name}: {error.strerror or error}") from error
        except EOFError as error:  # what a compressed file that was cut off gives
            raise InputError(f"{source.name}: {error}") from error
        finally:
            if isinstance(source, Pieces) and source.owned:
                source.reader.close()
        before += stream.bytes_read
        yield Step(number, stream, before, is_end=True)


def _push(stream: _core.Stream, source: Pieces) -> Iterator[None]:
    reader = source.reader
    if isinstance(reader, bytes | memoryview):
        at = 0
        while at < len(reader):
            at = stream.push(reader, at, PIECE_BYTES)
            yield
        return
    while True:
        piece = reader.read(PIECE_BYTES)
        if isinstance(piece, str):
            raise InputError(f"{source.name} gives text; the engine reads bytes")
        if not piece:
            if piece is None:
                raise InputError(f"{source.name} does not block: nothing to read yet")
            return
        stream.push(piece, 0, len(piece))
        yield
