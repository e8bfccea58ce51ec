"""One training of a run, by the recipe of the pipeline, with as many gradient steps for 200 labels as for 1,000."""

from collections.abc import Collection, Mapping
from math import ceil

from experiments.label_efficiency.settings import Steps
from stages.lib.feature_store import Features
from stages.lib.model.model_folder import Model
from stages.lib.model.normalisation import Normalisation
from stages.lib.training.inputs import LabelledClips, TrainParams
from stages.lib.training.recipe import train_new_model


def with_equal_steps(params: TrainParams, clip_count: int, steps: Steps) -> TrainParams:
    """Return the params with as many epochs as make the steps that are asked for.

    An epoch of few clips is few steps, so that with the same epochs a curve would show how long was trained, not what
    the labels were worth.

    Parameters
    ----------
    params : TrainParams
    clip_count : int
        How many clips are trained on.
    steps : Steps
    """
    step_count = min(params.epochs * ceil(steps.as_for / params.batch_size), steps.at_most)
    epochs = max(1, round(step_count / ceil(clip_count / params.batch_size)))
    return params.model_copy(update={"epochs": epochs})


def labelled(labels: Mapping[str, str]) -> LabelledClips:
    """Return clips with their labels, each counting for one, in the order of their ids."""
    clip_ids = sorted(labels)
    return LabelledClips.unweighted(clip_ids, [labels[clip_id] for clip_id in clip_ids])


def learn(
    features: Features,
    labels: Mapping[str, str],
    valid: Mapping[str, str],
    params: TrainParams,
    *,
    steps: Steps,
    normalisation: Normalisation | None = None,
    by_model: Collection[str] = (),
) -> Model:
    """Train a model from random weights, and calibrate it.

    Parameters
    ----------
    features : Features
    labels, valid : mapping
        From clip id to `call` or `nocall`: what to train on, and what to calibrate by.
    params : TrainParams
    steps : Steps
    normalisation : Normalisation, optional
        Learnt from the clips to train on where it is not given.
    by_model : collection of str
        The clips whose label the model gave itself.
    """
    params = with_equal_steps(params, len(labels), steps)
    train = labelled(labels)._replace(by_model=frozenset(by_model))
    model, _ = train_new_model(features, train, labelled(valid), params, normalisation)
    return model
