"""Optional and heavy imports, made when they are first needed.

numpy and msgspec cost more to import than the rest of evcore together, and a web handler that only
logs events never needs numpy.
"""

from __future__ import annotations

import importlib
from typing import Any

from evcore.errors import MissingExtraError


def require(module: str, *, extra: str, purpose: str) -> Any:
    """Return an optional module.

    Parameters
    ----------
    module
        Its import name: ``"polars"``.
    extra
        The extra of evcore that installs it.
    purpose
        What needs it, for the message: ``"to_polars()"``.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.partition(".")[0]:
            raise
        message = f"{purpose} needs {module}: pip install 'evcore[{extra}]'"
        raise MissingExtraError(message) from None
