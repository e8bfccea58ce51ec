"""What several test files need: a tiny data set, a tiny folder of features, and one run of the whole pipeline."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import joblib
import numpy as np
import pytest
import soundfile

from experiments.clone import overlay
from stages import evaluate, featurize, merge_labels, retrain, score_pool, split, train
from stages.lib.cards.field_results import FIELD
from stages.lib.runtime.atomic_write import write_json
from stages.lib.runtime.table import write_table
from stages.lib.tables.reviews import REVIEWS, write_reviews
from stages.lib.tables.settled import SETTLED, write_settled
from stages.lib.tables.undecided import ROUNDS, UNDECIDED, write_undecided
from tests.support import feature_folder
from tests.support.once import made_once
from tools.lib.split.hold_out import hold_out

SAMPLE_RATE = 4000
PARAMS = """\
data:
  dataset: tiny
featurize:
  views: [spectrogram]
  channel: mix
  sample_rate: 4000
  clip_s: 0.5
  fft_size: 128
  hop_size: 50
  mel_bands: 40
  min_hz: 50.0
  max_hz: 2000.0
  pcen: true
  wavelet_denoise: true
  pretrained: none
  speeds: [1.0]
split:
  seed: 1
  group_by: recording
  train: 24
  valid: 8
  pool: 8
  test: 8
train:
  seed: 1
  epochs: 2
  batch_size: 8
  networks: 2
  learning_rate: 0.001
score_pool:
  low: 0.4
  high: 0.6
  strategy: band
  budget: 20
  audit: 2
merge_labels:
  model_labels:
    use: true
    weight: 1.0
    highest_error: 0.5
  review_weight: 5.0
retrain:
  init: scratch
"""


def write_data_set(folder: Path, recording_count: int) -> None:
    """Write params.yaml, empty tables of closed rounds, and `data/tiny`.

    Its recordings are two seconds of noise, with a tone in every other clip. Where there are enough, as many clips are
    held out as params.yaml says.
    """
    recordings = folder / "data" / "tiny" / "recordings"
    recordings.mkdir(parents=True)
    (folder / "params.yaml").write_text(PARAMS)
    write_json(folder / "models" / "pretrained" / "none" / "pretrained.json", {})
    write_settled(folder / SETTLED, [])
    write_json(folder / FIELD, {})
    write_reviews(folder / REVIEWS, [])
    write_undecided(folder / UNDECIDED, [])
    (folder / ROUNDS).write_text("round\n")
    write_json(folder / FIELD, {})
    random = np.random.default_rng(0)
    rows = []
    for number in range(recording_count):
        samples = 0.01 * random.standard_normal(2 * SAMPLE_RATE)
        for position in range(4):
            start, end = position * SAMPLE_RATE // 2, (position + 1) * SAMPLE_RATE // 2
            label = ("nocall", "call")[position % 2]
            if label == "call":
                samples[start:end] += 0.3 * np.sin(2 * np.pi * 700 * np.arange(SAMPLE_RATE // 2) / SAMPLE_RATE)
            rows.append((f"sea{number:02d}_{position * 500:07d}", f"sea{number:02d}.wav", position / 2, label, "bay"))
        soundfile.write(recordings / f"sea{number:02d}.wav", samples, SAMPLE_RATE)
    write_table(folder / "data" / "tiny" / "clips.csv", ("clip_id", "recording", "start_s", "label", "site"), rows)
    if recording_count >= 12:
        with contextlib.chdir(folder):
            hold_out()


@pytest.fixture
def one_process() -> Iterator[None]:
    """Let joblib work in threads, because processes that it has started keep the folder they were started in."""
    with joblib.parallel_config(backend="threading"):
        yield


@pytest.fixture
def data_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one_process: None) -> Path:  # noqa: ARG001
    """Three recordings of four clips, in the folder that the test runs in."""
    write_data_set(tmp_path, recording_count=3)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which all seven stages have run; tests read it and leave it as it is."""
    return made_once(tmp_path_factory, "pipeline", run_pipeline)


def run_pipeline(folder: Path, epochs: int = 2, **features: object) -> Path:
    """Run all seven stages in a folder without a data set; the params of features can be changed."""
    write_data_set(folder, recording_count=12)
    overlay(folder / "params.yaml", {"train": {"epochs": epochs}, "featurize": features})
    with contextlib.chdir(folder), joblib.parallel_config(backend="threading"):
        featurize.main()
        split.main()
        train.main()
        score_pool.main()
        pool = [line.split(",")[0] for line in Path("labels/pool_scores.csv").read_text().splitlines()[1:]]
        Path("labels/expert.csv").write_text(
            f"clip_id,label,annotator,date,note\n{pool[0]},call,val,2026-11-22,\n{pool[1]},nocall,val,2026-11-22,faint\n"
        )
        merge_labels.main()
        retrain.main()
        evaluate.main()
    return folder


@pytest.fixture
def write_features() -> Callable[..., None]:
    """Return the function that writes a folder of features."""
    return feature_folder.write_features
