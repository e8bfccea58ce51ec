"""What was detected in a recording as a file: for Raven, for Audacity, or as CSV."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from stages.lib.spectrogram import FeatureParams
from stages.lib.table import write_table
from stages.lib.whole import write_text
from tools.lib import audacity_track, raven_table
from tools.lib.detections import Detection
from tools.lib.given_recordings import Recording

CSV_COLUMNS = ("recording", *Detection._fields)


def write_raven(path: Path, recording: Recording, detections: Sequence[Detection], params: FeatureParams) -> None:
    """Write a selection table."""
    span_hz = params.min_hz, min(params.max_hz, recording.sample_rate / 2)
    write_text(path, raven_table.format_detections(recording.name, detections, span_hz, params.channel))


def write_audacity(path: Path, _recording: Recording, detections: Sequence[Detection], _params: FeatureParams) -> None:
    """Write a label track."""
    write_text(path, audacity_track.format_detections(detections))


def write_csv(path: Path, recording: Recording, detections: Sequence[Detection], _params: FeatureParams) -> None:
    """Write a table, with the name of the recording in it, so that those of many can be joined."""
    rows = [
        (recording.name, f"{begin_s:.6f}", f"{end_s:.6f}", f"{p_call:.6f}") for begin_s, end_s, p_call in detections
    ]
    write_table(path, CSV_COLUMNS, rows)


class Form(NamedTuple):
    """A format of detections: what follows the recording's stem in the name of a file, and what writes it."""

    suffix: str
    write: Callable[[Path, Recording, Sequence[Detection], FeatureParams], None]


FORMS = {
    "raven": Form(raven_table.SUFFIX, write_raven),
    "audacity": Form(audacity_track.SUFFIX, write_audacity),
    "csv": Form(".csv", write_csv),
}
