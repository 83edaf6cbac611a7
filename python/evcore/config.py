"""The configuration as frozen Structs, and the way there from TOML, JSON and YAML files.

The names are those of the file: ``[[tag]]`` is :class:`Tag`, in ``Config.tag``. The engine checks
everything (:func:`load_config`, :class:`evcore.Pipeline`); the Structs only carry it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec

from evcore import _core
from evcore.errors import ConfigError
from evcore.lazy import require

__all__ = [
    "Aggregate",
    "Category",
    "Config",
    "Feed",
    "Filter",
    "Limits",
    "Output",
    "Tag",
    "load_config",
]

DeclaredType: TypeAlias = Literal["double", "int", "string", "bool", "timestamp"]


class Category(msgspec.Struct, frozen=True):
    """A category: an event belongs to the first one whose rule matches."""

    name: str
    when: str
    """A rule in CEL."""


class Tag(msgspec.Struct, frozen=True):
    """A tag: an event has every tag whose rule matches."""

    name: str
    when: str
    """A rule in CEL; it may read ``category`` and the tags before it."""


class Filter(msgspec.Struct, frozen=True, omit_defaults=True):
    """A way to drop events: give exactly one of *drop*, *keep* and *sample_users_percent*."""

    name: str
    drop: str | None = None
    """A rule in CEL: events that match are dropped."""
    keep: str | None = None
    """A rule in CEL: all other events are dropped."""
    sample_users_percent: float | None = None
    """Keep this share of users, always the same ones: 0 to 100."""


class Aggregate(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """An answer to compute: give exactly one measure."""

    name: str = msgspec.field()
    count: bool | None = None
    sum: str | None = None
    mean: str | None = None
    min: str | None = None
    max: str | None = None
    first: str | None = None
    last: str | None = None
    distinct: str | None = None
    by: Sequence[str] = ()
    """Paths, ``"tags"``, ``"category"`` or ``"weekday_hour"``."""
    window: str | None = None
    """A duration (``"1h"``), ``"day"``, ``"week"`` or ``"month"``; none: one total."""
    where: str | None = None
    """A rule in CEL: only events that match count."""
    max_groups: int | None = None
    """Most groups to keep; the default is 1,000,000."""


class Output(msgspec.Struct, frozen=True):
    """The columns of an :class:`evcore.EventBatch`."""

    columns: Mapping[str, str] = {}
    """Column name to path: ``{"revenue": "attributes.revenue"}``."""


class Feed(msgspec.Struct, frozen=True, omit_defaults=True):
    """A wire format of your own: which path of the wire gives which canonical field."""

    map: Mapping[str, str]
    time_unit: Literal["s", "ms", "us", "rfc3339"] | None = None
    skew: Literal["segment", "off"] | None = None
    source: str | None = None


class Limits(msgspec.Struct, frozen=True, omit_defaults=True):
    """Limits that guard against hostile or broken input."""

    max_depth: int | None = None
    """Deepest nesting of an event; the default and the most is 128."""
    max_event_bytes: int | None = None
    """Largest event; the default is 1 MiB."""
    max_rejects: int | None = None
    """Rejects kept with their text; the default is 1,000. All are counted."""


class Config(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A whole configuration; a section that is absent is off.

    >>> config = Config(
    ...     feed="segment",
    ...     tag=[Tag("purchase", 'name == "Order Completed"')],
    ...     aggregate=[Aggregate(name="by_name", count=True, by=["name"])],
    ... )
    >>> config.check().tag[0].name
    'purchase'
    """

    version: int = 1
    feed: str | None = None
    """The wire format: ``"segment"``, ``"canonical"``, or one of *feeds*."""
    timezone: str | None = None
    """An IANA name; the default is UTC."""
    json: Literal["lenient", "strict"] | None = None
    types: Mapping[str, DeclaredType] = {}
    """Path to the type that its values are read as."""
    category: Sequence[Category] = ()
    tag: Sequence[Tag] = ()
    filter: Sequence[Filter] = ()
    aggregate: Sequence[Aggregate] = ()
    output: Output | None = None
    feeds: Mapping[str, Feed] = {}
    limits: Limits | None = None

    def __post_init__(self) -> None:
        if self.version != 1:
            raise ConfigError(f"version must be 1, not {self.version!r}")

    def to_json(self) -> bytes:
        """Return the configuration as JSON, which :func:`load_config` reads."""
        return msgspec.json.format(msgspec.json.encode({"version": 1} | self._fields()), indent=2)

    def _fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = msgspec.to_builtins(self)
        return fields

    def check(self) -> Config:
        """Return the same configuration with all defaults filled in.

        Raises
        ------
        ConfigError
            If anything in it is not valid, its rules included.
        """
        return _checked(self.to_json().decode(), "json", "<config>")


def load_config(path: str | os.PathLike[str] | None = None) -> Config:
    """Return a configuration that is checked as a whole, its rules included.

    Parameters
    ----------
    path
        A ``.toml``, ``.json``, ``.yaml`` or ``.yml`` file; none: the package's own default.

    Returns
    -------
    Config with all defaults filled in.

    Raises
    ------
    ConfigError
        If the file cannot be read, or anything in it is not valid: each problem names file, line,
        column and key path.
    MissingExtraError
        If it is YAML, and PyYAML is not installed.

    >>> [tag.name for tag in load_config().tag][:1]
    ['purchase']
    """
    if path is None:
        text = resources.files("evcore").joinpath("evcore.default.toml").read_text("utf-8")
        return _checked(text, "toml", "evcore.default.toml")
    name = os.fspath(path)
    try:
        text = Path(name).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"{name}: no such file") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{name}: not UTF-8 at byte {error.start}") from None
    except OSError as error:
        raise ConfigError(f"{name}: {error.strerror or error}") from None
    match Path(name).suffix.lower():
        case ".toml":
            return _checked(text, "toml", name)
        case ".json":
            return _checked(text, "json", name)
        case ".yaml" | ".yml":
            return _checked(_yaml_as_json(text, name), "json", name)
    raise ConfigError(f"{name}: unknown kind of file; use .toml, .json or .yaml")


def _checked(text: str, file_format: str, name: str) -> Config:
    return msgspec.json.decode(_core.check_config(text, file_format, name), type=Config)


def _yaml_as_json(text: str, name: str) -> str:
    yaml = require("yaml", extra="yaml", purpose=f"reading {name}")
    try:
        document = yaml.safe_load(text)
        return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
    except yaml.YAMLError as error:
        raise ConfigError(f"{name}: not YAML: {error}") from None
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{name}: {error}") from None
