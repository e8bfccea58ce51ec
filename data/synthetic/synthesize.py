"""Synthesise the recordings and the list of clips of this data set from a seed."""

import io
from pathlib import Path
from typing import Annotated

import numpy as np
import soundfile
from joblib import Parallel, delayed
from pydantic import Field
from tqdm import tqdm

from data.synthetic import plan, recording
from data.synthetic.tones import SAMPLE_RATE
from stages.lib.runtime.atomic_write import atomic_write
from stages.lib.runtime.params import Section, read_flat_params
from stages.lib.runtime.running import run_stage
from stages.lib.runtime.table import write_table

FOLDER = Path("data/synthetic")
COLUMNS = ("clip_id", "recording", "start_s", "label", "site")
# At this level, FLAC only uses integer arithmetic for prediction, so its bytes are the same on every processor.
COMPRESSION_LEVEL = 0.25


class SynthesisParams(Section):
    """The params.yaml of this folder."""

    seed: Annotated[int, Field(ge=0)]
    calls: Annotated[int, Field(ge=1)]
    nocalls: Annotated[int, Field(ge=1)]


def clip_rows(recordings: list[plan.PlannedRecording]) -> list[tuple[str, ...]]:
    """Return the rows of clips.csv, without its header."""
    return [
        (
            f"{one.stem}_{window.start_ms:07d}",
            f"{one.stem}.flac",
            f"{window.start_ms / 1000:.3f}",
            window.label,
            one.site.name,
        )
        for one in recordings
        for window in one.windows
    ]


def write_recording(one: plan.PlannedRecording, seed: np.random.SeedSequence, folder: Path) -> None:
    """Synthesise one recording into a folder."""
    file = io.BytesIO()
    soundfile.write(
        file,
        recording.samples(one, seed),
        SAMPLE_RATE,
        format="FLAC",
        subtype="PCM_16",
        compression_level=COMPRESSION_LEVEL,
    )
    # Written by Python, because it reports a full disk.
    (folder / f"{one.stem}.flac").write_bytes(file.getvalue())


def synthesize(folder: Path, seed: int, calls: int, nocalls: int, jobs: int = -1) -> None:
    """Write `recordings/` and `clips.csv` into a folder; the bytes do not depend on the number of jobs.

    Parameters
    ----------
    folder : Path
        Existing files with these names are replaced once everything is synthesised.
    seed : int
    calls, nocalls : int
        Number of clips with each label.
    jobs : int
        Number of processes; -1 for one per core.
    """
    plan_seed, *seeds = np.random.SeedSequence(seed).spawn(1 + calls + nocalls)
    recordings = plan.recordings(calls, nocalls, np.random.default_rng(plan_seed))
    work = zip(recordings, seeds, strict=False)
    with atomic_write(folder / "recordings") as unfinished:
        unfinished.mkdir()
        done = Parallel(n_jobs=jobs, return_as="generator")(
            delayed(write_recording)(one, recording_seed, unfinished) for one, recording_seed in work
        )
        for _ in tqdm(done, total=len(recordings), desc="synthesize", unit="recording", disable=None):
            pass
    write_table(folder / "clips.csv", COLUMNS, clip_rows(recordings))


def main() -> None:
    """Synthesise the data set described by the params.yaml of this folder."""
    params = read_flat_params(SynthesisParams, FOLDER / "params.yaml")
    synthesize(FOLDER, params.seed, params.calls, params.nocalls)


if __name__ == "__main__":
    run_stage(main)
