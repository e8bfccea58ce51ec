"""Check whether the pipeline can run here: a GitHub runner may lack the recordings or the pretrained model."""

from collections.abc import Sequence
from pathlib import Path

import yaml

from stages.lib.features.feature_params import FeatureParams
from stages.lib.features.pretrained import FOLDER as PRETRAINED
from stages.lib.runtime.faults import InputFaults
from stages.lib.runtime.params import DataParams, read_params
from tools.lib.wording import listed


def missing_data() -> list[Path]:
    """Return the missing paths of the data set in use and the pretrained model, except outputs of its stages."""
    folder = read_params("data", DataParams).folder
    pretrained = PRETRAINED / read_params("featurize", FeatureParams).pretrained
    needed = [folder / "clips.csv", folder / "recordings", pretrained]
    return [path for path in needed if not path.exists() and path not in made_by_stages(folder / "dvc.yaml")]


def made_by_stages(pipeline: Path) -> set[Path]:
    """Return the outputs of a dvc.yaml whose stages run in the repository; an empty set if there is no such file."""
    stages = stages_in(pipeline.read_bytes(), pipeline).values() if pipeline.exists() else ()
    return {
        Path(path)
        for stage in stages
        for out in stage.get("outs", [])
        for path in (out if isinstance(out, dict) else [out])
    }


def stages_in(content: bytes | str, path: Path | str) -> dict[str, dict]:
    """Return the stages of a dvc.yaml or dvc.lock by name; refuse any other content, such as conflict markers."""
    try:
        return dict(yaml.safe_load(content)["stages"])
    except (yaml.YAMLError, UnicodeDecodeError, LookupError, TypeError, ValueError):
        raise InputFaults([f"{path}: holds no stages of DVC; correct it, or take it from an earlier commit"]) from None


def without_data(missing: Sequence[Path], wrong: Sequence[str], said: Sequence[str]) -> str:
    """Report what was checked, and what was not, if recordings or the pretrained model are missing.

    Parameters
    ----------
    missing : sequence of Path
        From `missing_data`.
    wrong : sequence of str
        Stages whose committed outputs cannot come from their committed inputs.
    said : sequence of str
        Lines about the labels.
    """
    others = f"{listed(wrong)} gave other outputs than dvc.lock has for the very same inputs. " if wrong else ""
    return (
        f"Outputs: **not checked**. {listed(list(map(str, missing)))} cannot be had here, so the models were not made "
        "again. A run for a fork gets no secrets, and without a remote of DVC there is nothing to fetch "
        f"(see docs/ci.md).\n\nThe labels and the tables were checked. {others}What follows is as committed.\n\n"
        + "\n".join(f"- {line}" for line in said)
    )
