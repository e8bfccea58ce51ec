"""The spectrogram of a recording with its detections drawn in."""

from collections.abc import Sequence
from math import ceil
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from stages.lib.audio.recording import read_window
from stages.lib.features.feature_params import FeatureParams
from tools.lib.detection.detections import Detection
from tools.lib.detection.run_record import RunRecording
from tools.lib.pictures.clip_view import plain_spectrogram
from tools.lib.pictures.figure_file import new_figure, show, write_figure
from tools.lib.wording import counted

ROW_S = 60
# Longer recordings show only the rows with the highest scores, so that the picture stays readable.
MOST_ROWS = 20
ROW_INCHES = 12.0, 1.6
BOX_COLOUR = "cyan"


def draw_detections(
    path: Path, recording: RunRecording, detections: Sequence[Detection], params: FeatureParams
) -> None:
    """Write the picture of a recording: one row per minute, at most `MOST_ROWS`."""
    minutes = shown_minutes(recording.length_s, detections)
    width, height = ROW_INCHES
    figure = new_figure(width, height * len(minutes) + 0.4)
    figure.suptitle(title(recording, detections, len(minutes)), fontsize=9, parse_math=False)
    for axes, minute in zip(figure.subplots(len(minutes), squeeze=False).ravel(), minutes, strict=True):
        start_s = minute * ROW_S
        # At least a window, because the spectrogram needs that much.
        length_s = max(params.clip_s, min(ROW_S, recording.length_s - start_s))
        samples = read_window(Path(recording.path), start_s, length_s, params.channel)
        show(axes, plain_spectrogram(samples, recording.sample_rate, start_s, params))
        axes.xaxis.set_major_formatter(lambda second, _: f"{int(second // 60)}:{second % 60:02.0f}")
        axes.set_xlim(start_s, start_s + ROW_S)
        for detection in detections:
            if start_s < detection.end_s and detection.start_s < start_s + ROW_S:
                draw_box(axes, detection, max(start_s, detection.start_s), params)
    write_figure(path, figure)


def shown_minutes(length_s: float, detections: Sequence[Detection]) -> list[int]:
    """Return the minutes that a picture shows: all, or if these are too many, those with the highest scores."""
    count = ceil(length_s / ROW_S)
    if count <= MOST_ROWS:
        return list(range(count))
    surest = sorted(detections, key=lambda detection: -detection.p_call)
    return sorted(list(dict.fromkeys(int(detection.start_s // ROW_S) for detection in surest))[:MOST_ROWS]) or [0]


def title(recording: RunRecording, detections: Sequence[Detection], shown: int) -> str:
    """Return the title of the picture."""
    minutes = ceil(recording.length_s / ROW_S)
    part = "" if shown == minutes else f"; {shown} of {minutes} minutes, those with the highest scores"
    return f"{recording.name}: {counted(len(detections), 'detection')}{part}"


def draw_box(axes: Axes, detection: Detection, start_s: float, params: FeatureParams) -> None:
    """Draw the part of a detection that lies in a row, with its score."""
    low, high = params.min_hz / 1000, min(params.max_hz / 1000, axes.get_ylim()[1])
    axes.add_patch(Rectangle((start_s, low), detection.end_s - start_s, high - low, fill=False, edgecolor=BOX_COLOUR))
    score = axes.annotate(f"{detection.p_call:.2f}", (start_s, high), (2, -2), textcoords="offset points")
    # The text is cut off at the end of a row, so that the row does not shrink.
    score.set(color=BOX_COLOUR, fontsize=6, va="top", clip_on=True, in_layout=False)
