"""The record of a run, next to its tables: `run.json` lists what was searched and how, `scores/` has all scores.

A run is one model with one hop. More recordings may join it later.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from stages.lib.audio.examination import Examined
from stages.lib.runtime.atomic_write import write_text
from stages.lib.runtime.faults import InputFaults, refuse
from stages.lib.runtime.table import quoted, read_table, write_table
from stages.lib.tables.clips import parse_seconds
from tools.lib.detection.detections import window_starts

DETECTIONS = Path("detections")  # The folder of a run if none is given.
RECORD, SCORES = "run.json", "scores"
SCORE_COLUMNS = ("start_s", "p_call")
RUN_DIGITS = 12
DECIMALS = 6  # Decimals of a score.
DAMAGED = "restore it from a copy, or search again and name another folder with --output"


class RunRecording(BaseModel):
    """A recording that a run has searched.

    Attributes
    ----------
    name : str
        Its path below the folder that was given, or its file name.
    path : str
        Its absolute path.
    digest : str
        Digest of its content, from `stages.lib.cache.digests.file_digest`.
    length_s, sound_s : float
        Its length, and the part of it that holds sound, in seconds.
    site, began : str
        The site, and the start in ISO 8601; empty if unknown.
    file_stem : str
        The stem of its files, such as `scores/<file_stem>.csv`.
    sample_rate : int
        Sample rate, in Hz.
    missing : tuple of (begin, end)
        The stretches without sound, in seconds.
    size, modified_ns : int
        Bytes, and the time of modification in nanoseconds. While both are the same, the content is not read again.
    table : str
        The name of the file that holds its detections; empty if that is still to be written.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    path: str
    digest: str
    length_s: float
    sound_s: float
    site: str = ""
    began: str = ""
    file_stem: str
    sample_rate: int = 0
    missing: tuple[tuple[float, float], ...] = ()
    size: int = 0
    modified_ns: int = 0
    table: str = ""

    @property
    def found(self) -> Examined:
        """The result of decoding it."""
        return Examined(self.length_s, self.sample_rate, self.missing)


class Run(BaseModel):
    """A run: a model with a hop, and the recordings searched so far.

    Attributes
    ----------
    run : str
        Identifies the run (`run_id`).
    model : str
        The digest of the model (`stages.lib.model.model_folder.model_digest`).
    clip_s, hop_s : float
        Length of a window, and distance between the starts of two windows, in seconds.
    threshold : float
        Score that a window must exceed to be part of a detection.
    dataset : str
        Data set in params.yaml at the time.
    form : str
        The format of the tables, a key of `tools.lib.formats.detection_files.FORMS`.
    per : str
        The unit of a table: `recording` or `day`.
    recordings : tuple of RunRecording
    tables : dict
        From the name of each table to the digest of its content when written. It shows whether people changed it.
    writing : dict
        Tables that a killed run may not have written, with the digests of the files before, or an empty text.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: str
    model: str
    clip_s: float
    hop_s: float
    threshold: float
    dataset: str
    form: str = "raven"
    per: str = "recording"
    recordings: tuple[RunRecording, ...] = ()
    tables: dict[str, str] = {}
    writing: dict[str, str] = {}


def run_id(model: str, clip_s: float, hop_s: float) -> str:
    """Return the id of a run: digits of a digest of the model, the length of a window and the hop."""
    return hashlib.sha256(json.dumps([model, clip_s, hop_s]).encode()).hexdigest()[:RUN_DIGITS]


def read_run(folder: Path) -> Run:
    """Read the record in the output folder of `tools.detect`.

    Raises
    ------
    InputFaults
        If there is no record, or if it is damaged.
    """
    path = folder / RECORD
    try:
        return Run.model_validate_json(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise InputFaults(
            [f"{path}: there is no such file; name a folder that python -m tools.detect has written"]
        ) from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise InputFaults([f"{path}: is damaged at {place} ({first['msg']}); {DAMAGED}"]) from None


def write_run(folder: Path, run: Run) -> None:
    """Write the record, one line per recording, whole or not at all."""
    settings = json.dumps(run.model_dump(exclude={"recordings"}), ensure_ascii=False)
    rows = ",\n".join(one.model_dump_json() for one in run.recordings)
    write_text(folder / RECORD, f'{settings[:-1]},\n"recordings": [\n{rows}\n]}}\n')


def scores_path(folder: Path, recording: RunRecording) -> Path:
    """Return the file with the scores of a recording."""
    return folder / SCORES / f"{recording.file_stem}.csv"


def write_scores(folder: Path, recording: RunRecording, starts_s: np.ndarray, p_call: np.ndarray) -> None:
    """Write the score of every window of a recording, whole or not at all.

    Parameters
    ----------
    folder : Path
        The output folder.
    recording : RunRecording
    starts_s, p_call : ndarray of float, shape (windows,)
        NaN is written as an empty cell.
    """
    rows = [
        (f"{start_s:.6f}", "" if np.isnan(score) else f"{score:.{DECIMALS}f}")
        for start_s, score in zip(starts_s, p_call, strict=True)
    ]
    write_table(scores_path(folder, recording), SCORE_COLUMNS, rows)


def read_scores(folder: Path, run: Run, recording: RunRecording) -> tuple[np.ndarray, np.ndarray]:
    """Read the score of every window of a searched recording.

    Returns
    -------
    starts_s, p_call : ndarray of float, shape (windows,)
        Seconds from the start of the recording, in order; scores in [0, 1], NaN for windows without sound.

    Raises
    ------
    InputFaults
        If the file is missing or damaged.
    """
    path = scores_path(folder, recording)
    refuse([] if path.exists() else [f"{path}: there is no such file; {DAMAGED}"])
    rows = read_table(path, SCORE_COLUMNS)
    refuse(f"{path}:{row.line}: {fault}" for row in rows if (fault := row_fault(row.cells)))
    windows = len(window_starts(recording.length_s, run.clip_s, run.hop_s))
    refuse([] if len(rows) == windows else [f"{path}: has scores of {len(rows)} windows, not {windows}; {DAMAGED}"])
    starts_s, p_call = ([float(row.cells[name] or "nan") for row in rows] for name in SCORE_COLUMNS)
    return np.array(starts_s), np.array(p_call)


def row_fault(cells: Mapping[str, str]) -> str | None:
    """Return the fault of a row of scores, or None."""
    start, score = cells["start_s"], cells["p_call"]
    if parse_seconds(start) is None:
        return f"start_s {quoted(start)} is not a number of seconds; {DAMAGED}"
    found = parse_seconds(score) if score else 0.0
    if found is None or found > 1:
        return f"p_call {quoted(score)} is not a score from 0 to 1, or empty; {DAMAGED}"
    return None
