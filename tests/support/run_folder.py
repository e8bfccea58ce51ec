"""A detector run that no model has made: recordings of noise, and scores that a test chooses."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import soundfile

from stages.lib.cache.digests import file_digest
from stages.lib.features.feature_params import FeatureParams
from stages.lib.measures.measures import THRESHOLD
from tools.lib.detection.detections import find_detections, window_starts
from tools.lib.detection.run_record import Run, RunRecording, run_id, write_run, write_scores
from tools.lib.detection.searched import Searched
from tools.lib.formats.detection_files import FORMS

SAMPLE_RATE, CLIP_S, HOP_S, LENGTH_S = 4000, 0.5, 0.125, 20.0
MODEL = "f" * 64
FEATURES = FeatureParams.model_construct(min_hz=50.0, max_hz=2000.0, channel="mix")
SITE = "far"


def write_recordings(folder: Path, names: tuple[str, ...] = ("one.wav", "two.flac")) -> dict[str, Path]:
    """Write recordings of noise, each another one."""
    paths = {}
    for number, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        samples = 0.01 * np.random.default_rng([7, number]).standard_normal(int(LENGTH_S * SAMPLE_RATE))
        soundfile.write(path, samples, SAMPLE_RATE)
        paths[name] = path
    return paths


def random_scores(number: int) -> np.ndarray:
    """Return the scores of the windows of a recording: most are low, some in every bin."""
    count = len(window_starts(LENGTH_S, CLIP_S, HOP_S))
    return np.round(np.random.default_rng([8, number]).beta(0.4, 0.8, count), 6)


def make_run(
    folder: Path,
    recordings: Mapping[str, Path],
    scores: Mapping[str, np.ndarray] | None = None,
    *,
    model: str = MODEL,
    threshold: float = THRESHOLD,
) -> Run:
    """Write what tools.detect leaves, with the tables of each recording in every form."""
    starts_s = window_starts(LENGTH_S, CLIP_S, HOP_S)
    of_run = []
    for number, (name, path) in enumerate(recordings.items()):
        p_call = random_scores(number) if scores is None else scores[name]
        stem = Path(name).stem
        one = RunRecording(
            name=name,
            path=str(path),
            digest=file_digest(path),
            length_s=LENGTH_S,
            sound_s=LENGTH_S,
            site=SITE,
            file_stem=stem,
            sample_rate=SAMPLE_RATE,
            table=f"{stem}{FORMS['raven'].suffix}",
        )
        write_scores(folder, one, starts_s, p_call)
        found = Searched(one, find_detections(p_call, starts_s, CLIP_S, one.found, threshold))
        for form in FORMS.values():
            form.write(folder / f"{stem}{form.suffix}", [found], FEATURES)
        of_run.append(one)
    record = Run(
        run=run_id(model, CLIP_S, HOP_S),
        model=model,
        clip_s=CLIP_S,
        hop_s=HOP_S,
        threshold=threshold,
        dataset="tiny",
        recordings=tuple(of_run),
    )
    write_run(folder, record)
    return record
