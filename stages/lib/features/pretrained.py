"""A pretrained bioacoustic model: a folder of `models/pretrained/` with weights, their licence and a description."""

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from stages.lib.features.embedder import Embed, load_embedder
from stages.lib.runtime.faults import InputFaults
from stages.lib.runtime.params import Section

FOLDER, DESCRIPTION, LICENCE = Path("models/pretrained"), "pretrained.json", "LICENSE"
BLOCK_BYTES = 1 << 20
LOWEST_RATE, HIGHEST_RATE, LONGEST_S = 100, 1_000_000, 600


class Pretrained(Section):
    """The description of a pretrained model.

    Attributes
    ----------
    weights : str
        The name of a LiteRT file or of the folder of a TensorFlow SavedModel, beside the description.
    sha256 : str
        Digest of the weights, as `weights_digest` returns it.
    sample_rate : int
        The rate that the model expects, in Hz.
    window_s : float
        Length of the window that the model takes, in seconds.
    output : str
        The tensor that holds the embedding: any tensor of a LiteRT file, or an output of a SavedModel.
    size : int
        Length of the embedding.
    licence, source : str
        The licence of the weights, and where they come from.
    """

    weights: Annotated[str, Field(pattern=r"^[^/]+$")]
    sha256: str
    sample_rate: Annotated[int, Field(ge=LOWEST_RATE, le=HIGHEST_RATE)]
    window_s: Annotated[float, Field(gt=0, le=LONGEST_S)]
    output: str
    size: Annotated[int, Field(ge=1)]
    licence: str
    source: str

    @property
    def window_samples(self) -> int:
        """Samples in a window."""
        return round(self.window_s * self.sample_rate)


def read_pretrained(folder: Path) -> Pretrained | None:
    """Read the description in the folder of a pretrained model; None if it is empty, as in models/pretrained/none.

    Raises
    ------
    InputFaults
        If there is no such model, or its weights do not match the description.
    """
    path = folder / DESCRIPTION
    try:
        described = json.loads(path.read_text(encoding="utf-8"))
        pretrained = Pretrained.model_validate(described) if described else None
    except FileNotFoundError:
        raise InputFaults([f"{path}: there is no such file; {remedy(folder)}"]) from None
    except (ValueError, ValidationError):
        raise InputFaults([f"{path}: does not describe a pretrained model; {remedy(folder)}"]) from None
    if pretrained and weights_digest(folder / pretrained.weights) != pretrained.sha256:
        raise InputFaults([f"{folder / pretrained.weights}: is not what {path} describes; {remedy(folder)}"])
    return pretrained


def remedy(folder: Path) -> str:
    """Say how to restore the folder of a pretrained model."""
    # `dvc repro` has recorded changed weights in the file of DVC by the time a stage refuses them.
    restore = f"git checkout {folder}.dvc and dvc pull --force {folder}.dvc"
    return f"run {restore}, or bring it with python -m tools.add_pretrained"


def weights_digest(weights: Path) -> str:
    """Return the SHA-256 digest of a file, or of the names and contents of all files in a folder."""
    files = [weights] if not weights.is_dir() else sorted(path for path in weights.rglob("*") if path.is_file())
    digest = hashlib.sha256()
    for path in files:
        if weights.is_dir():
            digest.update(f"{path.relative_to(weights).as_posix()}\0{path.stat().st_size}\0".encode())
        try:
            with path.open("rb") as file:
                while block := file.read(BLOCK_BYTES):
                    digest.update(block)
        except FileNotFoundError:
            return ""
    return digest.hexdigest()


def pretrained_at_hand(folder: Path) -> tuple[Pretrained, Embed]:
    """Return the description of the model in an absolute folder, and its function.

    The worker of a cluster may outlive the model that it has loaded, so the description is read each time.
    """
    path = folder / DESCRIPTION
    return loaded(folder, path.read_bytes() if path.exists() else b"")


@lru_cache(maxsize=1)
def loaded(folder: Path, description: bytes) -> tuple[Pretrained, Embed]:  # noqa: ARG001
    """Load the model in a folder with this description; it stays loaded until another is asked for."""
    pretrained = read_pretrained(folder)
    if pretrained is None:
        raise InputFaults([f"{folder / DESCRIPTION}: describes no model; {remedy(folder)}"])
    return pretrained, load_embedder(folder / pretrained.weights, pretrained.output)
