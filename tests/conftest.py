"""What all tests share."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

TESTS = Path(__file__).parent
for folder in (TESTS, TESTS / "property"):  # `import reference`, whatever pytest's import mode
    sys.path.insert(0, str(folder))

settings.register_profile(
    "quick", max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("thorough", parent=settings.get_profile("quick"), max_examples=2_000)
settings.load_profile("quick")


@pytest.fixture(params=["avx512", "portable"])
def kernel(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Run the test once with each kernel of this machine; a pipeline chooses when it is made."""
    import evcore

    monkeypatch.setenv("EVCORE_SIMD", request.param)
    try:
        evcore.Pipeline()
    except evcore.EvcoreError as error:
        assert "EVCORE_SIMD" in str(error), error
        pytest.skip(str(error))
    yield request.param
