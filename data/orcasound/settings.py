"""The params.yaml of this folder, and the paths of fetched archives."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from stages.lib.runtime.params import Section, read_flat_params
from tools.lib.annotations.import_params import ImportParams

FOLDER = Path("data/orcasound")
TEST = "test"

Key = Annotated[str, Field(pattern=r"^[^/].*\.tar\.gz$")]


class Archives(Section):
    """The keys of the archives in the bucket."""

    round2: Key
    round3: Key
    test: Key


class OrcasoundParams(ImportParams):
    """The params of the data set: the location of the archives, and the params of an import."""

    bucket: Annotated[str, Field(pattern=r"^[a-z0-9.-]+$")]
    archives: Archives


def read_settings() -> OrcasoundParams:
    """Read the params."""
    return read_flat_params(OrcasoundParams, FOLDER / "params.yaml")


def archive_path(name: str) -> Path:
    """Return the path of a fetched archive."""
    return FOLDER / "archives" / f"{name}.tar.gz"
