"""Every error that evcore raises, as one small tree under :class:`EvcoreError`.

Bad *events* are not errors: they come back as rejects and are counted. These classes are for what
the caller can put right: a configuration, an argument, a file that is not there.
"""

from __future__ import annotations

from typing import TypedDict

__all__ = [
    "ConfigError",
    "DecodeError",
    "EvcoreError",
    "EventError",
    "InputError",
    "MissingExtraError",
    "OutputError",
    "RuleError",
]


class Problem(TypedDict):
    """One thing that is wrong with a configuration, and where."""

    code: str
    """A stable code such as ``E201``; never used again for another meaning."""
    message: str
    """What is wrong, in one line."""
    file: str
    """The file's name as it was given, or ``<config>``."""
    line: int | None
    """The line, from 1."""
    column: int | None
    """The column in characters, from 1."""
    key_path: str
    """Where in the configuration: ``tag[0].when``."""
    hint: str | None
    """What would help."""


class EvcoreError(Exception):
    """Base of every error that evcore raises."""


class ConfigError(EvcoreError):
    """A configuration is not valid; the message shows each place with a caret.

    Parameters
    ----------
    message
        All problems as text, ready to print.
    problems
        The same problems as data, in the order of the file.
    """

    problems: list[Problem]

    def __init__(self, message: str, problems: list[Problem] | None = None) -> None:
        super().__init__(message)
        self.problems = problems or []

    def __reduce__(self) -> tuple[type[ConfigError], tuple[str, list[Problem]]]:
        return type(self), (str(self), self.problems)


class RuleError(ConfigError):
    """Only rules of a configuration are at fault: they do not parse, or cannot work."""


class DecodeError(EvcoreError):
    """A document that must be one event is not; the message names the byte."""


class EventError(EvcoreError):
    """A Python event holds a value that JSON cannot carry; the message names its key path."""


class InputError(EvcoreError):
    """What was given as input cannot be read: no such file, a wrong type, an unknown feed."""


class OutputError(EvcoreError):
    """The output cannot be written."""


class MissingExtraError(EvcoreError):
    """An optional package is needed; the message names the extra that brings it."""
