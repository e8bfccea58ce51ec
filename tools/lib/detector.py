"""A model that goes over recordings of any length, on the features that it was trained on."""

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import joblib
import numpy as np
from pydantic import ValidationError

from stages.lib.calibration import probability
from stages.lib.determinism import pin
from stages.lib.faults import InputFaults, refuse
from stages.lib.feature_store import Features
from stages.lib.model_folder import BATCH_SIZE, DESCRIPTION, Model, load_model
from stages.lib.recording import read_window, recording_fault
from stages.lib.spectrogram import FeatureParams, clip_features


class Detector(NamedTuple):
    """A model, and how the samples of a window become what it sees."""

    model: Model
    params: FeatureParams


def feature_params(folder: Path) -> FeatureParams:
    """Return how the windows that a model was trained on were made, whatever params.yaml says now.

    Raises
    ------
    InputFaults
        Where the folder holds no model, or one whose features can no longer be made.
    """
    try:
        return FeatureParams.model_validate(feature_description(folder)["params"])
    except ValidationError:
        fault = f"{folder}: was trained on features of another version of this program; run dvc repro"
        raise InputFaults([fault]) from None


def feature_description(folder: Path) -> dict:
    """Return what a model says of the features that it was trained on."""
    try:
        return json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))["features"]
    except FileNotFoundError:
        raise InputFaults([f"{folder}: holds no model; run dvc repro, or dvc pull"]) from None


def open_detector(folder: Path) -> Detector:
    """Load a model with its own description of its features."""
    params = feature_params(folder)
    pin(seed=0)
    return Detector(load_model(folder, Features(folder, feature_description(folder), places={})), params)


def scores(detector: Detector, path: Path, starts_s: Sequence[float]) -> Iterator[np.ndarray]:
    """Score the windows of a recording, on all cores.

    However long the recording is, no more of it is in memory than a batch of windows for each core.

    Parameters
    ----------
    detector : Detector
    path : Path
        Of the recording.
    starts_s : sequence of float
        Where the windows begin.

    Yields
    ------
    ndarray of float64, shape (windows of the batch,), in [0, 1]
        `p_call` of the next windows.
    """
    batches = (starts_s[first : first + BATCH_SIZE] for first in range(0, len(starts_s), BATCH_SIZE))
    while at_once := list(islice(batches, joblib.cpu_count())):
        calls = (joblib.delayed(window_features)(path, batch, detector.params) for batch in at_once)
        for arrays in joblib.Parallel(n_jobs=-1)(calls):
            yield score_arrays(detector.model, arrays)


def window_features(path: Path, starts_s: Sequence[float], params: FeatureParams) -> np.ndarray:
    """Return what the network sees of some windows, each computed from itself alone, as `featurize` does for clips.

    Returns
    -------
    ndarray of float16, shape (windows, bands, frames)
    """
    try:
        windows = (read_window(path, start_s, params.clip_s, params.sample_rate) for start_s in starts_s)
        return np.stack([clip_features(samples, params).astype(np.float16) for samples in windows])
    except Exception:
        # Every recording was sound when it was checked; one that has been lost since is a fault of the input.
        fault = recording_fault(path)
        refuse([fault] if fault else [])
        raise


def score_arrays(model: Model, arrays: np.ndarray) -> np.ndarray:
    """Return `p_call` for a batch of features of shape (windows, bands, frames)."""
    log_odds = model.network(model.normalisation.apply(arrays), training=False).numpy()[:, 0]
    return probability(log_odds, model.temperature)
