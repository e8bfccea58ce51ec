"""Whether the pipeline can run here: a runner of GitHub may lack recordings or the model, and a way to fetch them."""

from collections.abc import Sequence
from pathlib import Path

import yaml

from stages.lib.features.feature_params import FeatureParams
from stages.lib.features.pretrained import FOLDER as PRETRAINED
from stages.lib.runtime.faults import InputFaults
from stages.lib.runtime.params import DataParams, read_params
from tools.lib.wording import listed


def missing_data() -> list[Path]:
    """Return what is missing of the data set in use and the pretrained model, and no stage of the data set makes."""
    folder = read_params("data", DataParams).folder
    pretrained = PRETRAINED / read_params("featurize", FeatureParams).pretrained
    needed = [folder / "clips.csv", folder / "recordings", pretrained]
    return [path for path in needed if not path.exists() and path not in made_by_stages(folder / "dvc.yaml")]


def made_by_stages(pipeline: Path) -> set[Path]:
    """Return the outputs of a dvc.yaml whose stages run in the repository; none where there is no such file."""
    stages = stages_in(pipeline.read_bytes(), pipeline).values() if pipeline.exists() else ()
    return {
        Path(path)
        for stage in stages
        for out in stage.get("outs", [])
        for path in (out if isinstance(out, dict) else [out])
    }


def stages_in(content: bytes | str, path: Path | str) -> dict[str, dict]:
    """Return the stages of a dvc.yaml or dvc.lock by name; refuse what holds none, such as conflict markers."""
    try:
        return dict(yaml.safe_load(content)["stages"])
    except (yaml.YAMLError, UnicodeDecodeError, LookupError, TypeError, ValueError):
        raise InputFaults([f"{path}: holds no stages that DVC could read; restore it with git checkout"]) from None


def without_data(missing: Sequence[Path], wrong: Sequence[str], said: Sequence[str]) -> str:
    """Say what was checked, and what was not, where recordings or the pretrained model are missing.

    Parameters
    ----------
    missing : sequence of Path
        From `missing_data`.
    wrong : sequence of str
        The stages whose committed outputs cannot have come from their committed inputs.
    said : sequence of str
        What there is to say of the labels.
    """
    others = f"{listed(wrong)} gave other outputs than dvc.lock has for the very same inputs. " if wrong else ""
    return (
        f"Outputs: **not checked**. {listed(list(map(str, missing)))} cannot be had here, so the models were not made "
        "again. A run for a fork gets no secrets, and without a remote of DVC there is nothing to fetch "
        f"(see docs/ci.md).\n\nThe labels and the tables were checked. {others}What follows is as committed.\n\n"
        + "\n".join(f"- {line}" for line in said)
    )
