"""The recipe of training, the same for the baseline and the retrained model."""

import numpy as np

from stages.lib.feature_store import EMBEDDING, SPECTROGRAM, Features, in_batches, load_clips, recordings_of
from stages.lib.model.calibration import fit_temperature
from stages.lib.model.model_folder import Model
from stages.lib.model.network import build_network
from stages.lib.model.normalisation import Normalisation
from stages.lib.model.probe import Probe, cross_entropy_of, train_probe
from stages.lib.model.scoring import BATCH_SIZE, log_odds_of
from stages.lib.runtime.determinism import pin
from stages.lib.training.epochs import HISTORY_COLUMNS, six_decimals, train_model
from stages.lib.training.inputs import LabelledClips, TrainParams


def train_new_model(
    features: Features,
    train: LabelledClips,
    valid: LabelledClips,
    params: TrainParams,
    normalisation: Normalisation | None = None,
) -> tuple[Model, list[tuple]]:
    """Train and calibrate the model for some features: networks from random weights, a probe, or both.

    Parameters
    ----------
    features : Features
    train, valid : LabelledClips
        The clips to learn from, and the clips to calibrate by.
    params : TrainParams
    normalisation : Normalisation, optional
        The normalisation of the spectrogram; by default, it is learned from `train`.

    Returns
    -------
    model : Model
    history : list of tuple
        As for `train_model`; one row for a probe.
    """
    if SPECTROGRAM not in features.views:
        return train_parts(Model(None, features.description, None), features, train, valid, params)
    # Every training starts from the seed, so that it does not depend on earlier trainings.
    pin(params.seed)
    normalisation = normalisation or Normalisation.learn(
        load_clips(features, batch) for batch in in_batches(train.clip_ids, BATCH_SIZE)
    )
    network = build_network(tuple(features.description["shapes"][SPECTROGRAM]), params.networks)
    model = Model(network, features.description, normalisation)
    return train_parts(model, features, train, valid, params)


def with_new_network(model: Model, params: TrainParams) -> Model:
    """Return a model with new random weights in its network, if it has one."""
    if model.network is None:
        return model
    return model._replace(network=build_network(model.network.input_shape[1:], params.networks))


def train_parts(
    model: Model, features: Features, train: LabelledClips, valid: LabelledClips, params: TrainParams
) -> tuple[Model, list[tuple]]:
    """Train a model's network in place, if it has one, and a probe, if there are embeddings; calibrate both."""
    history = [] if model.network is None else train_model(model, features, train, valid, params)
    if EMBEDDING not in features.views:
        return calibrate(model, features, valid), history
    recordings = recordings_of(features, train.clip_ids)
    embeddings = load_clips(features, train.clip_ids, EMBEDDING)
    probe, temperature, calibrated_by = train_probe(
        embeddings, train.is_call, np.array(train.weights), recordings, train.by_people
    )
    if model.network is None:
        model = model._replace(probe=probe, temperature=temperature, calibrated_by=calibrated_by)
        return model, [probe_row(probe, features, train, valid)]
    alone = calibrate(model._replace(probe=None), features, valid)
    return joined(alone, probe.tempered(temperature), features, valid), history


def joined(network: Model, probe: Probe, features: Features, valid: LabelledClips) -> Model:
    """Return the model that scores by the mean of the log-odds of a network and a probe, calibrated.

    Parameters
    ----------
    network : Model
        A calibrated network.
    probe : Probe
        A calibrated probe, already divided by its temperature.
    features : Features
        Features with both views.
    valid : LabelledClips
        The clips to calibrate both by.
    """
    both = network._replace(features=features.description, probe=probe, network_temperature=network.temperature)
    return calibrate(both, features, valid)


def probe_row(probe: Probe, features: Features, train: LabelledClips, valid: LabelledClips) -> tuple:
    """Return the history of a probe, which is one row because a probe has no epochs."""
    row = {}
    for name, clips in (("", train), ("valid_", valid)):
        log_odds = probe.log_odds(load_clips(features, clips.clip_ids, EMBEDDING))
        known = len(log_odds) > 0
        row[f"{name}loss"] = cross_entropy_of(log_odds, clips.is_call, np.array(clips.weights)) if known else None
        row[f"{name}accuracy"] = np.mean((log_odds > 0) == clips.is_call) if known else None
    return 1, *(six_decimals(row[column]) for column in HISTORY_COLUMNS[1:])


def calibrate(model: Model, features: Features, valid: LabelledClips) -> Model:
    """Return a trained model with the temperature fitted on the validation clips."""
    is_call = valid.is_call
    return model._replace(
        temperature=fit_temperature(log_odds_of(model, features, valid.clip_ids), is_call),
        calibrated_by=(int(is_call.sum()), int((~is_call).sum())),
    )
