"""A detector: a model that scores recordings of any length, on the features that it was trained on."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import joblib
import numpy as np
from pydantic import ValidationError

from stages.lib.audio.examination import recording_fault
from stages.lib.cluster.cluster import NO_FILES, Cluster
from stages.lib.features.feature_params import FeatureParams
from stages.lib.features.pretrained import FOLDER as PRETRAINED
from stages.lib.features.views import chosen_model, window_views
from stages.lib.model.calibration import probability
from stages.lib.model.model_folder import Model, feature_description, model_files, open_model, received_model
from stages.lib.model.scoring import log_odds_of_views
from stages.lib.runtime.faults import InputFaults, refuse


class Detector(NamedTuple):
    """A model, the folder that it was loaded from, and the params of its features."""

    folder: Path
    model: Model
    params: FeatureParams


def feature_params(folder: Path) -> FeatureParams:
    """Return the feature params that a model was trained with, whatever params.yaml has now.

    Raises
    ------
    InputFaults
        If the folder has no model, or a damaged one, or one whose features can no longer be computed.
    """
    description = feature_description(folder)
    try:
        params = FeatureParams.model_validate(description["params"])
    except ValidationError:
        fault = f"{folder}: was trained on features of another version of this program; run dvc repro"
        raise InputFaults([fault]) from None
    pretrained = chosen_model(params) if params.embeds else None
    if params.embeds and (pretrained is None or pretrained.model_dump() != description["pretrained"]):
        raise InputFaults([f"{folder}: was trained on another {PRETRAINED / params.pretrained}; run dvc repro"])
    return params


def open_detector(folder: Path) -> Detector:
    """Load a model with the description of its features."""
    return Detector(folder, open_model(folder), feature_params(folder))


def scores(
    detector: Detector,
    windows: Iterable[tuple[Path, Sequence[float]]],
    cluster: Cluster | None = None,
    files: Mapping[Path, str] = NO_FILES,
) -> Iterator[np.ndarray]:
    """Score batches of windows, on all cores or on a cluster.

    Memory holds at most one batch of windows per core, however long the recordings are.

    Parameters
    ----------
    detector : Detector
    windows : iterable of (Path, sequence of float)
        For each batch, the recording and the starts of at most `BATCH_SIZE` windows, in seconds.
    cluster : Cluster or None
        Runs the work instead of this machine.
    files : mapping
        From recording to digest, for a cluster.

    Yields
    ------
    ndarray of float64, shape (windows of the batch,), in [0, 1]
        `p_call` of the next batch.
    """
    batches = ((path, starts_s, detector.params) for path, starts_s in windows)
    if cluster is not None:
        model = cluster.hold(model_files(detector.folder))
        yield from cluster.results(scores_by, ((model, *batch) for batch in batches), files)
        return
    while at_once := list(islice(batches, joblib.cpu_count())):
        for views in joblib.Parallel(n_jobs=-1)(joblib.delayed(features_of)(*batch) for batch in at_once):
            yield score_views(detector.model, views)


def scores_by(
    files: tuple[tuple[str, bytes], ...], path: Path, starts_s: Sequence[float], params: FeatureParams
) -> np.ndarray:
    """Return `p_call` of some windows of a recording, by the model with these files."""
    return score_views(received_model(files), features_of(path, starts_s, params))


def features_of(path: Path, starts_s: Sequence[float], params: FeatureParams) -> dict[str, np.ndarray]:
    """Return the features of some windows, as `window_views` does, of a recording that was valid when checked."""
    try:
        return window_views(path, starts_s, params)
    except Exception:
        # If the recording was lost since then, this is a fault of the input.
        fault = recording_fault(path, params.channel)
        refuse([fault] if fault else [])
        raise


def score_views(model: Model, views: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return `p_call` for the features of a batch of windows, in each view."""
    return probability(log_odds_of_views(model, views).mean(axis=1), model.temperature)
