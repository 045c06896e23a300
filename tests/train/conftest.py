"""What several of the recipe's tests need."""

from __future__ import annotations

import pytest
from cosyvox.train.flite import FliteMissing
from cosyvox.train.get_flite import get_flite


@pytest.fixture(scope="session")
def flite() -> str:
    """Where flite is; a private copy is fetched where there is none."""
    try:
        return get_flite()
    except FliteMissing as error:
        pytest.skip(str(error))
