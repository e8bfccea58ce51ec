"""Draw the recordings of a run with their detections.

Pictures are drawn after the search, and a recording without one gets it at the next start. So a killed run can
continue, and pictures can also be asked for later.
"""

from collections.abc import Container
from pathlib import Path

from tqdm import tqdm

from stages.lib.features.feature_params import FeatureParams
from stages.lib.runtime.inputs import state
from tools.lib.detection.run_record import Run, RunRecording
from tools.lib.detection.searched import detections_of

PICTURE_SUFFIX = ".png"


def picture_path(folder: Path, recording: RunRecording) -> Path:
    """Return the picture of a recording."""
    return folder / f"{recording.file_stem}{PICTURE_SUFFIX}"


def draw_missing(folder: Path, run: Run, names: Container[str], params: FeatureParams) -> tuple[int, list[str]]:
    """Draw the recordings that have no picture yet.

    Parameters
    ----------
    folder : Path
        The output folder.
    run : Run
    names : container of str
        Names of the recordings to draw.
    params : FeatureParams
        Feature params of the model.

    Returns
    -------
    drawn : int
        Number of pictures drawn.
    faults : list of str
        The fault of each recording that cannot be drawn, because it is no longer as it was searched.
    """
    missing = [one for one in run.recordings if one.name in names and not picture_path(folder, one).exists()]
    faults = []
    for one in tqdm(missing, desc="drawing", unit="picture", leave=False, disable=None):
        from tools.lib.detection.detection_picture import draw_detections  # Slow to import, and rarely needed.

        picture = picture_path(folder, one)
        try:
            draw_detections(picture, one, detections_of(folder, run, one), params)
        except Exception:
            if is_as_searched(one):
                raise
        if not is_as_searched(one):
            picture.unlink(missing_ok=True)
            faults.append(f"{one.path}: changed or disappeared before it was drawn, so it has no picture")
    return len(missing) - len(faults), faults


def is_as_searched(recording: RunRecording) -> bool:
    """Tell whether the file of a recording is still there and unchanged, by its size and time of modification."""
    return (state(Path(recording.path)) or ())[1:] == (recording.size, recording.modified_ns)
