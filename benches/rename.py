"""Give every field of an NDJSON file another name of the same length.

    python rename.py IN OUT

The letters of each key move 13 places on (``event`` becomes ``rirag``); values stay. The result has
as many bytes as the input, so that times compare.
"""

from __future__ import annotations

import codecs
import json
import sys
from typing import Any

_RENAMED: dict[str, str] = {}


def renamed(value: Any) -> Any:
    """Return the value with other keys at every level."""
    if isinstance(value, list):
        return [renamed(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {_key(key): renamed(item) for key, item in value.items()}


def _key(key: str) -> str:
    if key not in _RENAMED:
        _RENAMED[key] = codecs.encode(key, "rot13")
    return _RENAMED[key]


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    with (
        open(sys.argv[1], "rb") as source,
        open(sys.argv[2], "w", encoding="utf-8", newline="\n") as out,
    ):
        for line in source:
            out.write(encode(renamed(json.loads(line))) + "\n")


if __name__ == "__main__":
    main()
