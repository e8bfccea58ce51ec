"""Write the detections of one or more recordings to a file: for Raven, for Audacity, or as CSV."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from stages.lib.features.feature_params import FeatureParams
from stages.lib.runtime.atomic_write import write_text
from stages.lib.runtime.table import write_table
from tools.lib.detection.detections import Detection
from tools.lib.detection.searched import Searched
from tools.lib.formats import audacity_track, raven_table

CSV_COLUMNS = ("recording", *Detection._fields, "continues", "verdict")


def write_raven(path: Path, searched: Sequence[Searched], params: FeatureParams) -> None:
    """Write a selection table."""
    own = [one.recording.file_stem for one in searched] == [path.name.removesuffix(raven_table.SUFFIX)]
    write_text(path, raven_table.format_detections(searched, params, offsets=not own))


def write_audacity(path: Path, searched: Sequence[Searched], _params: FeatureParams) -> None:
    """Write the label track of one recording."""
    write_text(path, "".join(audacity_track.format_detections(one.detections) for one in searched))


def write_csv(path: Path, searched: Sequence[Searched], _params: FeatureParams) -> None:
    """Write a table that names the recording in each row, so that tables can be joined."""
    rows = [
        (one.recording.name, f"{start_s:.6f}", f"{end_s:.6f}", f"{p_call:.6f}", continues, "")
        for one in searched
        for (start_s, end_s, p_call), continues in zip(one.detections, one.continued, strict=True)
    ]
    write_table(path, CSV_COLUMNS, rows)


class Form(NamedTuple):
    """A file format for detections.

    Attributes
    ----------
    suffix : str
        Added to the stem of the file.
    write : callable
        Writes it.
    many : bool
        Whether a file can hold the detections of many recordings.
    """

    suffix: str
    write: Callable[[Path, Sequence[Searched], FeatureParams], None]
    many: bool = True


FORMS = {
    "raven": Form(raven_table.SUFFIX, write_raven),
    "audacity": Form(audacity_track.SUFFIX, write_audacity, many=False),
    "csv": Form(".csv", write_csv),
}
