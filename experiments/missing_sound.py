"""Effect of missing sound on the scores of the test clips: `python -m experiments.missing_sound`, after `make`.

Each test clip of the data set in use is written to a file and damaged: its end is cut off, half of it is zeroed, an
offset is added, or its upper frequencies are removed. The retrained model then scores the files as `tools.detect` does.
"""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import librosa
import numpy as np
import soundfile
from tqdm import tqdm

from experiments.command import page_parser
from experiments.page_section import publish
from stages.lib.audio.examination import Examined, examine
from stages.lib.audio.recording import read_samples
from stages.lib.cards.markdown import table
from stages.lib.measures.measures import THRESHOLD
from stages.lib.model.model_folder import RETRAINED
from stages.lib.runtime.params import DataParams, read_params
from stages.lib.runtime.running import run
from stages.lib.tables.clips import CALL, read_clips
from stages.lib.tables.split import read_split
from tools.lib.detection.detections import window_starts
from tools.lib.detection.detector import Detector, open_detector, scores
from tools.lib.search.choices import HOPS_A_WINDOW

SECTION = "missing sound"
# Files are one hop longer than a clip, so that cutting off the end leaves the first window whole.
TAIL_S = 0.75
Change = Callable[[np.ndarray, int], tuple[np.ndarray, int]]


def whole_clip(samples: np.ndarray, rate: int) -> tuple[np.ndarray, int]:
    """Return the clip without the tail."""
    return samples[: len(samples) - round(TAIL_S * rate)], rate


def cut(seconds: float) -> Change:
    """Cut off the end of a file."""
    return lambda samples, rate: (samples[: len(samples) - round(seconds * rate)], rate)


def zeroed(begin: float, end: float) -> Change:
    """Zero the part of a clip between two positions, given as shares of its length."""

    def change(samples: np.ndarray, rate: int) -> tuple[np.ndarray, int]:
        clip, _ = whole_clip(samples, rate)
        clip = clip.copy()
        clip[round(begin * len(clip)) : round(end * len(clip))] = 0
        return clip, rate

    return change


def offset(by: float) -> Change:
    """Add an offset to a clip, as a share of full scale."""
    return lambda samples, rate: (whole_clip(samples, rate)[0] + np.float32(by), rate)


def stored_at(new_rate: int) -> Change:
    """Store a clip at another sample rate."""
    return lambda samples, rate: (
        librosa.resample(whole_clip(samples, rate)[0], orig_sr=rate, target_sr=new_rate),
        new_rate,
    )


CHANGES: dict[str, Change] = {
    "unchanged clips": whole_clip,
    "offset of 0.2": offset(0.2),
    "first half zeroed": zeroed(0, 0.5),
    "middle half zeroed": zeroed(0.25, 0.75),
    "last half zeroed": zeroed(0.5, 1),
    "stored at 16 kHz": stored_at(16000),
    "stored at 8 kHz": stored_at(8000),
    f"with the next {TAIL_S:g} s": cut(0.0),
    **{f"the same, {seconds:g} s cut off the end": cut(seconds) for seconds in (0.1, 0.25, 0.5, 0.7)},
}


def are_called(detector: Detector, paths: Sequence[Path]) -> list[bool]:
    """Tell for each file whether any of its windows scores above the threshold."""
    with_sound = [(path, windows) for path in paths if (windows := windows_with_sound(detector, path))]
    scored = zip(with_sound, scores(detector, with_sound), strict=True)
    highest = {path: p_call.max() for (path, _), p_call in scored}
    return [highest.get(path, 0.0) > THRESHOLD for path in paths]


def windows_with_sound(detector: Detector, path: Path) -> list[float]:
    """Return the starts of the windows that `tools.detect` scores in a file, in seconds."""
    clip_s = detector.params.clip_s
    found = examine(path, detector.params.channel)
    if not isinstance(found, Examined):
        return []
    starts_s = window_starts(found.length_s, clip_s, clip_s / HOPS_A_WINDOW)
    return starts_s[found.has_sound(starts_s, clip_s)].tolist()


def results_table(detector: Detector, files: list[tuple[str, np.ndarray, int]]) -> str:
    """Return a Markdown table: how many of the calls and no-calls are classified as calls after each change."""
    counts = [sum(label == CALL for label, _, _ in files), sum(label != CALL for label, _, _ in files)]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number}.wav" for number in range(len(files))]
        for name, change in tqdm(CHANGES.items(), desc="missing sound", unit="change", disable=None):
            for path, (_, samples, rate) in zip(paths, files, strict=True):
                soundfile.write(path, *change(samples, rate), subtype="FLOAT")
            called = {True: 0, False: 0}
            for (label, _, _), is_called in zip(files, are_called(detector, paths), strict=True):
                called[label == CALL] += is_called
            rows.append((name, str(called[True]), str(called[False])))
    head = ("test clips", f"classified as calls, of {counts[0]} calls", f"classified as calls, of {counts[1]} no-calls")
    return "\n".join([*table(head, rows), ""])


def main() -> None:
    """Measure the effect of each change, and print the table or put it in a page."""
    page = page_parser(__doc__, SECTION).parse_args().page
    folder = read_params("data", DataParams).folder
    clips = {clip.clip_id: clip for clip in read_clips(folder / "clips.csv")}
    detector = open_detector(RETRAINED)
    length_s = detector.params.clip_s + TAIL_S
    files = [
        (one.label, *read_samples(folder / "recordings" / clip.recording, clip.start_s, length_s, "mix")[:2])
        for one in read_split()
        if one.part == "test"
        for clip in [clips[one.clip_id]]
    ]
    publish(results_table(detector, files), SECTION, page)


if __name__ == "__main__":
    run(main)
