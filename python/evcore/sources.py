"""What a caller may name as input of `scan` and `run`, and what it stands for.

Files are read by the engine itself, by position and on all threads; everything else is pushed to it
piece by piece.
"""

from __future__ import annotations

import glob
import io
import os
import stat
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

from evcore.errors import InputError

Buffer: TypeAlias = bytes | bytearray | memoryview
"""Bytes in memory that the engine reads where they lie."""

Source: TypeAlias = "str | os.PathLike[str] | BinaryIO | Buffer"
"""One input: a path, a pattern, a folder, ``"-"``, a binary file object, or bytes."""

FOLDER_SUFFIXES = (".ndjson", ".jsonl")
"""The files of a folder that are read."""

COMPRESSED = {".gz": "gzip", ".bz2": "bz2", ".xz": "lzma"}
"""Suffixes of files that Python itself can open."""


@dataclass(frozen=True, slots=True)
class File:
    """A regular file that the engine reads by itself."""

    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Pieces:
    """A binary file object, a pipe, or bytes in memory."""

    name: str
    reader: Any
    """An object with ``read(size) -> bytes``, or the bytes themselves."""
    size: int | None
    """Bytes in all, if that is known."""
    owned: bool = False
    """Whether the engine opened the reader, and so closes it."""


Input: TypeAlias = File | Pieces


def resolve(source: Source | Iterable[Source]) -> list[Input]:
    """Return the inputs that a caller's argument stands for, in the order they are read.

    Raises
    ------
    InputError
        If there is no such file, a pattern or folder holds none, or the type cannot be read.
    """
    if isinstance(source, list | tuple):
        if not source:
            raise InputError("no input: the list is empty")
        return [found for item in source for found in resolve(item)]
    if is_buffer(source):
        data = as_bytes(source)
        return [Pieces("<bytes>", data, len(data))]
    if isinstance(source, str) and source == "-":
        return [Pieces("<stdin>", sys.stdin.buffer, None)]
    if isinstance(source, str | os.PathLike):
        return _paths(os.fspath(source))
    return [_file_object(source)]


def is_buffer(value: object) -> bool:
    """Return whether *value* is bytes in memory: ``bytes``, a ``memoryview``, a numpy array."""
    if isinstance(value, bytes | bytearray | memoryview):
        return True
    # Before Python 3.12 there is no type to ask for.
    try:
        memoryview(value).release()  # type: ignore[arg-type]
    except TypeError:
        return False
    return True


def as_bytes(value: Any) -> bytes | memoryview:
    """Return a buffer as plain bytes, without a copy; a ``bytearray`` stays locked meanwhile.

    Raises
    ------
    InputError
        If its bytes do not lie side by side.
    """
    if isinstance(value, bytes):
        return value
    view = memoryview(value)
    if not view.c_contiguous:
        raise InputError("the buffer is not contiguous: pass bytes(buffer), which copies it")
    return view.cast("B") if view.nbytes else b""


def _file_object(source: Any) -> Pieces:
    name = str(getattr(source, "name", "<stream>"))
    if isinstance(source, io.TextIOBase):
        help_text = (
            "sys.stdin.buffer"
            if source is sys.stdin
            else f"open({name!r}, 'rb') gives a binary one"
        )
        raise InputError(f"{name} is open as text; the engine reads bytes: {help_text}")
    if isinstance(source, dict) or not callable(getattr(source, "read", None)):
        kind = type(source).__name__
        raise InputError(
            f"cannot read a {kind}: give a path, a pattern, a folder, '-', a binary file object or "
            "bytes; Pipeline.process takes events and documents"
        )
    return Pieces(name, source, None)


def _paths(path: str) -> list[Input]:
    if not isinstance(path, str):
        raise InputError("a path must be text, not bytes")
    if not path:
        raise InputError("the path is empty")
    try:
        found = os.stat(path)
    except FileNotFoundError:
        if not glob.has_magic(path):
            raise InputError(f"{path}: no such file{_near(path)}") from None
        matches = sorted(match for match in glob.glob(path, recursive=True) if _is_input(match))
        if not matches:
            raise InputError(f"{path}: no file matches this pattern") from None
        return [_file(match, os.stat(match)) for match in matches]
    except (OSError, ValueError) as error:
        raise InputError(f"{path!r}: {_reason(error)}") from None
    if stat.S_ISDIR(found.st_mode):
        names = sorted(entry for entry in os.listdir(path) if entry.endswith(FOLDER_SUFFIXES))
        inside = [os.path.join(path, name) for name in names]
        files = [file for file in inside if not os.path.isdir(file)]
        if not files:
            raise InputError(f"{path}: the folder holds no {' or '.join(FOLDER_SUFFIXES)} file")
        return [_file(file, os.stat(file)) for file in files]
    return [_file(path, found)]


def _file(path: str, found: os.stat_result) -> Input:
    suffix = Path(path).suffix.lower()
    if suffix in COMPRESSED:
        module = COMPRESSED[suffix]
        raise InputError(f"{path}: compressed; pass {module}.open({path!r}) instead of the path")
    if suffix == ".zst":
        raise InputError(
            f"{path}: compressed; decompress it first: zstd -dc {path} | evcore run … -"
        )
    if stat.S_ISREG(found.st_mode):
        if not os.access(path, os.R_OK):
            raise InputError(f"{path}: permission denied")
        return File(path, found.st_size)
    try:
        return Pieces(path, open(path, "rb", buffering=0), None, owned=True)
    except OSError as error:
        raise InputError(f"{path}: {_reason(error)}") from None


def _is_input(path: str) -> bool:
    return not os.path.isdir(path)


def _reason(error: OSError | ValueError) -> str:
    return getattr(error, "strerror", None) or str(error)


def _near(path: str) -> str:
    """Return a hint that names the file that was probably meant, or nothing."""
    import difflib

    folder, name = os.path.split(path)
    try:
        names = os.listdir(folder or ".")
    except OSError:
        return f": there is no folder {folder}" if folder else ""
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.8)
    return f"; did you mean {os.path.join(folder, close[0])}?" if close else ""
