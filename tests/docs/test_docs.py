"""The docs run: every docstring example, and every block of code in README.md and the guide."""

import doctest
import importlib
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import evcore

ROOT = Path(__file__).parents[2]
MODULES = [
    f"evcore.{module.name}"
    for module in pkgutil.iter_modules(evcore.__path__)
    if module.name not in ("_core", "__main__")
]
BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```", re.DOTALL | re.MULTILINE)


def blocks(language, mark=""):
    """Return the blocks of one language whose first line says *mark* after it."""
    found = []
    for page in [ROOT / "README.md", *sorted((ROOT / "docs" / "guide").glob("*.md"))]:
        if not page.exists():
            continue
        for match in BLOCK.finditer(page.read_text()):
            if match[1] == language and match[2].strip() == mark:
                line = page.read_text()[: match.start()].count("\n") + 1
                found.append(pytest.param(page, match[3], id=f"{page.name}:{line}"))
    return found


@pytest.mark.parametrize("name", MODULES)
def test_docstrings(name, shop):
    module = importlib.import_module(name)
    flags = doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL
    outcome = doctest.testmod(module, optionflags=flags)
    assert outcome.failed == 0


def test_the_main_classes_have_examples():
    finder = doctest.DocTestFinder()
    for name in ("pipeline", "batch", "aggregate", "config", "client"):
        module = importlib.import_module(f"evcore.{name}")
        assert any(test.examples for test in finder.find(module)), name


@pytest.mark.parametrize(("page", "code"), blocks("python"))
def test_python_blocks(page, code, shop):
    exec(compile(code, str(page), "exec"), {"__name__": "__main__"})


@pytest.mark.parametrize(("page", "text"), blocks("toml"))
def test_toml_blocks(page, text, shop):
    Path("block.toml").write_text(text)
    evcore.Pipeline("block.toml")


@pytest.mark.parametrize(("page", "text"), blocks("toml", "wrong"))
def test_wrong_toml_blocks_get_what_the_page_says(page, text, shop):
    Path("shop.toml").write_text(text)
    with pytest.raises(evcore.ConfigError) as caught:
        evcore.load_config("shop.toml")
    assert str(caught.value) in page.read_text()


@pytest.mark.parametrize(("page", "text"), blocks("sh"))
def test_shell_blocks(page, text, shop):
    """Run the lines that call evcore; the others are for a checkout."""
    for line in text.splitlines():
        if line.startswith("evcore "):
            command = line.split(" #")[0].replace("evcore", f"{sys.executable} -m evcore", 1)
            done = subprocess.run(
                command, shell=True, capture_output=True, text=True, timeout=120, check=False
            )
            assert done.returncode == 0, done.stderr


def test_python_blocks_pass_the_type_check(tmp_path):
    pytest.importorskip("mypy")
    paths = []
    for number, parameter in enumerate(blocks("python")):
        path = tmp_path / f"block_{number}.py"
        path.write_text(parameter.values[1])
        paths.append(str(path))
    if not paths:
        pytest.skip("no page has Python code yet")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", *paths],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
