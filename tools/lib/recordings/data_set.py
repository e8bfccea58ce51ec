"""The folders of data sets."""

from pathlib import Path

from pydantic import ValidationError

from stages.lib.runtime.faults import InputFaults
from stages.lib.runtime.params import DataParams

ANNOTATIONS = "annotations"  # The folder of a data set whose clips a stage makes from annotations.


def data_set_folder(name: str) -> Path:
    """Return the folder of a data set; refuse a name that params.yaml would not accept."""
    try:
        return DataParams(dataset=name).folder
    except ValidationError:
        raise InputFaults([f"{name}: is not a valid name for a data set; use only letters, digits, _ and -"]) from None


def is_imported(folder: Path) -> bool:
    """Tell whether a stage makes the clips of a data set from annotations, and makes those that were added again."""
    return (folder / ANNOTATIONS).is_dir()


def overwriting_faults(folder: Path) -> list[str]:
    """List a fault if a stage of a data set makes its clips.csv, but none of the clips that people add to it."""
    stage = folder / "dvc.yaml"
    if not stage.exists() or is_imported(folder):
        return []
    return [f"{folder / 'clips.csv'}: {stage} would overwrite it without what is added; use another data set"]
