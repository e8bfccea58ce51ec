"""Data sets by their names."""

from pathlib import Path

from pydantic import ValidationError

from stages.lib.runtime.faults import InputFaults
from stages.lib.runtime.params import DataParams


def data_set_folder(name: str) -> Path:
    """Return the folder, or refuse a name that params.yaml would not take."""
    try:
        return DataParams(dataset=name).folder
    except ValidationError:
        raise InputFaults([f"{name}: is no name for a data set; use letters, digits, _ and - alone"]) from None
