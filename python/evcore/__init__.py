"""The customer-event engine that lives inside a Python process.

Names are loaded when they are first used: ``import evcore`` costs a few milliseconds.
"""

from evcore import _core

# Known to type checkers; the module `typing` itself would be most of the time to import.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from evcore.aggregate import *
    from evcore.batch import *
    from evcore.client import *
    from evcore.config import *
    from evcore.errors import *
    from evcore.explain import *
    from evcore.pipeline import *
    from evcore.summary import *

__version__ = _core.__version__

_MODULES = {
    "aggregate": "AggregateResult Results",
    "batch": "EventBatch Reject",
    "client": "Counters counters flush init log_event metrics results shutdown",
    "config": "Aggregate Category Config Feed Filter Limits Output Tag load_config",
    "errors": "ConfigError DecodeError EvcoreError EventError InputError MissingExtraError "
    "OutputError RuleError",
    "explain": "Explanation Plan",
    "pipeline": "Pipeline",
    "summary": "FileSummary Progress Summary",
}
_HOME = {name: module for module, names in _MODULES.items() for name in names.split()}

if not TYPE_CHECKING:

    def __getattr__(name):
        module = _HOME.get(name)
        if module is None:
            raise AttributeError(f"module 'evcore' has no attribute {name!r}")
        from importlib import import_module

        value = globals()[name] = getattr(import_module(f"evcore.{module}"), name)
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})


if _core.is_debug_build():
    import warnings

    warnings.warn("this is a debug build of evcore: some 20 times slower", stacklevel=2)
