"""A recording of a run with the score of every window."""

from functools import cached_property
from pathlib import Path

import numpy as np

from tools.lib.detection.detections import SAME_S
from tools.lib.detection.run_record import Run, RunRecording, read_scores
from tools.lib.draws.candidates import candidate_windows
from tools.lib.formats.selections import Selection


class Scored:
    """A recording of a run with its scores.

    Parameters
    ----------
    folder : Path
        Folder of the run.
    run : Run
    recording : RunRecording
    """

    def __init__(self, folder: Path, run: Run, recording: RunRecording):
        self.run, self.recording = run, recording
        self.starts_s, self.p_call = read_scores(folder, run, recording)

    @cached_property
    def candidates(self) -> np.ndarray:
        """The positions of its candidates."""
        return candidate_windows(self.starts_s, self.p_call, self.run.clip_s)

    def inside(self, selection: Selection) -> np.ndarray:
        """Return the positions of the candidates whose centres lie in a selection."""
        middles_s = self.starts_s[self.candidates] + self.run.clip_s / 2
        within = (selection.start_s - SAME_S <= middles_s) & (middles_s <= selection.end_s + SAME_S)
        return self.candidates[within]

    def start_s(self, position: int) -> float:
        """Return the start of a window, to the millisecond, as for clips."""
        return round(float(self.starts_s[position]), 3)

    def has_sound(self, start_s: float) -> bool:
        """Tell whether the window of the run closest to a start has a score."""
        return not np.isnan(self.p_call[np.argmin(np.abs(self.starts_s - start_s))])

    @staticmethod
    def matches(p_call: np.ndarray, text: str) -> np.ndarray:
        """Tell which scores agree with a text at its precision: ndarray of bool of the same shape."""
        decimals = len(text.partition(".")[2])
        return np.abs(p_call - float(text)) <= 0.5000001 * 10.0**-decimals + SAME_S
