"""Output files that are there whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
from types import TracebackType
from typing import BinaryIO, Self

from evcore.errors import OutputError

STDOUT = "-"
"""Stands for standard output."""


class WholeFile:
    """A file that takes its name only when all of it is on disk.

    It is written beside its final name, synced, then renamed; an error or Ctrl-C leaves what stood
    there before, and nothing else. Standard output (``"-"``), a pipe or a device cannot be renamed
    to and is written straight away.

    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "out.ndjson")
    ...     with WholeFile(path) as file:
    ...         file.write(b"{}")
    ...         before = path.exists()
    ...     before, path.read_bytes()
    (False, b'{}')
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        # A link keeps pointing where it points: what it names is replaced.
        self._path = os.path.realpath(path)
        self._name = os.fspath(path)
        self._temporary: str | None = None
        self._file: BinaryIO | None = None

    def __enter__(self) -> Self:
        if self._name == STDOUT:
            self._file = sys.stdout.buffer
            return self
        if os.path.isdir(self._path):
            raise OutputError(f"{self._name}: is a folder")
        try:
            if os.path.exists(self._path) and not os.path.isfile(self._path):
                self._file = open(self._path, "wb")
            else:
                folder, name = os.path.split(self._path)
                self._temporary = os.path.join(folder, f".{name}.{secrets.token_hex(4)}.part")
                self._file = open(self._temporary, "xb")
        except OSError as error:
            raise self._failure(error) from None
        return self

    def write(self, data: bytes) -> None:
        """Append some bytes.

        Raises
        ------
        OutputError
            If they cannot be written.
        BrokenPipeError
            If it is a pipe that nobody reads any more.
        """
        assert self._file is not None, "write() outside of the with block"
        try:
            self._file.write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise self._failure(error) from None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._file is not None
        try:
            if kind is None:
                self._keep(self._file)
        except BrokenPipeError:
            raise
        except OSError as failure:
            raise self._failure(failure) from None
        finally:
            if self._name != STDOUT:
                with contextlib.suppress(OSError):
                    self._file.close()
            if self._temporary is not None:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(self._temporary)

    def _keep(self, file: BinaryIO) -> None:
        file.flush()
        if self._temporary is None:
            return
        os.fsync(file.fileno())
        file.close()
        os.replace(self._temporary, self._path)
        if hasattr(os, "O_DIRECTORY"):
            # The rename itself must survive a power cut, too.
            folder = os.open(os.path.dirname(self._path), os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def _failure(self, error: OSError) -> OutputError:
        return OutputError(f"{self._name}: cannot write: {error.strerror or error}")
