"""Write the detections of a recording to a file: for Raven, for Audacity, or as CSV."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from stages.lib.features.feature_params import FeatureParams
from stages.lib.runtime.atomic_write import write_text
from stages.lib.runtime.table import write_table
from tools.lib.detection.detections import Detection
from tools.lib.formats import audacity_track, raven_table
from tools.lib.recordings.given_recordings import GivenRecording

CSV_COLUMNS = ("recording", *Detection._fields, "verdict")


def write_raven(path: Path, recording: GivenRecording, detections: Sequence[Detection], params: FeatureParams) -> None:
    """Write a selection table."""
    span_hz = params.min_hz, min(params.max_hz, recording.sample_rate / 2)
    write_text(path, raven_table.format_detections(recording.name, detections, span_hz, params.channel))


def write_audacity(
    path: Path, _recording: GivenRecording, detections: Sequence[Detection], _params: FeatureParams
) -> None:
    """Write a label track."""
    write_text(path, audacity_track.format_detections(detections))


def write_csv(path: Path, recording: GivenRecording, detections: Sequence[Detection], _params: FeatureParams) -> None:
    """Write a table that names the recording in each row, so that tables can be joined."""
    rows = [
        (recording.name, f"{start_s:.6f}", f"{end_s:.6f}", f"{p_call:.6f}", "") for start_s, end_s, p_call in detections
    ]
    write_table(path, CSV_COLUMNS, rows)


class Form(NamedTuple):
    """A file format for detections: the suffix after the recording's stem, and the function that writes it."""

    suffix: str
    write: Callable[[Path, GivenRecording, Sequence[Detection], FeatureParams], None]


FORMS = {
    "raven": Form(raven_table.SUFFIX, write_raven),
    "audacity": Form(audacity_track.SUFFIX, write_audacity),
    "csv": Form(".csv", write_csv),
}
