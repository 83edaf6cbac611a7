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


class Step(NamedTuple):
    """How far a walk over the inputs is."""

    number: int
    """The input's number."""
    bytes_read: int
    """Bytes read so far, of all inputs."""
    is_end: bool
    """Whether the input ends here."""


def steps(stream: _core.Stream, inputs: list[Input]) -> Iterator[Step]:
    """Feed the inputs to a stream, and yield often enough for signals, batches and progress."""
    for index, source in enumerate(inputs):
        try:
            if isinstance(source, File):
                stream.open(source.name)
                while stream.step(STEP_SECONDS, STEP_BYTES):
                    yield Step(index, stream.bytes_read, is_end=False)
            else:
                for _ in _push(stream, source):
                    yield Step(index, stream.bytes_read, is_end=False)
                stream.push_end()
        except OSError as error:
            raise InputError(f"{source.name}: {error.strerror or error}") from error
        except EOFError as error:  # what a compressed file that was cut off gives
            raise InputError(f"{source.name}: {error}") from error
        finally:
            if isinstance(source, Pieces) and source.owned:
                source.reader.close()
        yield Step(index, stream.bytes_read, is_end=True)


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
