"""How deep a check goes: lightly in every check, and once more at full depth where minutes are given to it."""

from __future__ import annotations

from typing import Any

import pytest


def deep(*values: Any) -> Any:
    """A case of a parametrised test that is run by ``make test-long`` only."""
    return pytest.param(*values, marks=(pytest.mark.slow, pytest.mark.long))
