"""What all tests share."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

TESTS = Path(__file__).parent
for folder in (TESTS, TESTS / "property"):  # `import reference`, whatever pytest's import mode
    sys.path.insert(0, str(folder))

pytest.register_assert_rewrite("holding", "laws")
# `quick` does not shrink what it finds: a failure should not take minutes. To shrink it, and to
# look longer: HYPOTHESIS_PROFILE=thorough.
settings.register_profile(
    "quick",
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
settings.register_profile(
    "thorough", parent=settings.get_profile("quick"), max_examples=2_000, phases=tuple(Phase)
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


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
