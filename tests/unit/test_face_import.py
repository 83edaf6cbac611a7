"""`import evcore` is cheap: what it loads is a short list."""

import ast
import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

import evcore

HEAVY = {"numpy", "msgspec", "asyncio", "dataclasses", "inspect", "logging", "tempfile", "email"}


def modules_after(code):
    """Return the modules that *code* loads in a fresh interpreter, beyond those it starts with."""
    script = f"import sys; before = set(sys.modules)\n{code}\n"
    script += "import json; print(json.dumps(sorted(set(sys.modules) - before)))"
    done = subprocess.run(
        [sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout))


def test_import_loads_the_extension_and_little_else():
    loaded = modules_after("import evcore")
    assert not loaded & HEAVY
    assert {name for name in loaded if name.startswith("evcore")} == {"evcore", "evcore._core"}


def test_numpy_is_loaded_by_the_first_column_not_before():
    code = """
import evcore
pipeline = evcore.Pipeline(evcore.Config(feed="canonical"))
batch = pipeline.process(b'{"name": "x", "time": 0}')
pipeline.results(), pipeline.metrics(), batch.to_dicts(), repr(batch)
"""
    assert "numpy" not in modules_after(code)
    assert "numpy" in modules_after(code + "batch['name']")


def test_logging_an_event_needs_no_numpy():
    assert "numpy" not in modules_after("import evcore; evcore.init('K'); evcore.log_event('x')")


def test_the_lazy_names_are_the_typed_names():
    tree = ast.parse(Path(evcore.__file__).read_text())
    typed = {
        node.module.removeprefix("evcore.")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module.startswith("evcore.")
    }
    assert typed == set(evcore._MODULES)
    for module, names in evcore._MODULES.items():
        assert importlib.import_module(f"evcore.{module}").__all__ == names.split()
        for name in names.split():
            assert getattr(evcore, name) is not None
            assert name in dir(evcore)


def test_a_wrong_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Pipelin'"):
        evcore.Pipelin  # noqa: B018


def test_the_face_is_small():
    assert len(Path(evcore.__file__).read_text().splitlines()) <= 60


def test_a_debug_build_warns(monkeypatch):
    monkeypatch.setattr(evcore._core, "is_debug_build", lambda: True)
    with pytest.warns(UserWarning, match="debug build"):
        importlib.reload(evcore)
