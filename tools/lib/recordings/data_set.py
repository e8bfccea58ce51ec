"""The folders of data sets."""

from pathlib import Path

from pydantic import ValidationError

from stages.lib.runtime.faults import InputFaults
from stages.lib.runtime.params import DataParams


def data_set_folder(name: str) -> Path:
    """Return the folder of a data set; refuse a name that params.yaml would not accept."""
    try:
        return DataParams(dataset=name).folder
    except ValidationError:
        raise InputFaults([f"{name}: is not a valid name for a data set; use only letters, digits, _ and -"]) from None
