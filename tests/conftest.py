"""What several tests need."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from experiments.clone import overlay

SMALL = Path(__file__).parent / "small.yaml"


@pytest.fixture(scope="session")
def small_params() -> Callable[[Path], None]:
    """A function that makes the params of a clone so small that the whole pipeline takes less than a minute."""

    def make_small(folder: Path) -> None:
        changes = yaml.safe_load(SMALL.read_text(encoding="utf-8"))
        overlay(folder / "params.yaml", changes["pipeline"])
        overlay(folder / "data" / "synthetic" / "params.yaml", changes["synthetic"])

    return make_small
