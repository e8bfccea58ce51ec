"""Training within a run: the pipeline's recipe, with the same number of gradient steps for any number of labels."""

from collections.abc import Collection, Mapping
from math import ceil

from experiments.label_efficiency.settings import Steps
from stages.lib.feature_store import Features
from stages.lib.model.model_folder import Model
from stages.lib.model.normalisation import Normalisation
from stages.lib.training.inputs import LabelledClips, TrainParams
from stages.lib.training.recipe import train_new_model


def with_equal_steps(params: TrainParams, clip_count: int, steps: Steps) -> TrainParams:
    """Return the params with the number of epochs that gives the wanted number of steps.

    An epoch of few clips has few steps. With the same number of epochs, a learning curve would show the effect of the
    training time, not of the labels.

    Parameters
    ----------
    params : TrainParams
    clip_count : int
        Number of training clips.
    steps : Steps
    """
    step_count = min(params.epochs * ceil(steps.as_for / params.batch_size), steps.at_most)
    epochs = max(1, round(step_count / ceil(clip_count / params.batch_size)))
    return params.model_copy(update={"epochs": epochs})


def labelled(labels: Mapping[str, str]) -> LabelledClips:
    """Return clips with their labels and weight 1, in order of their ids."""
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
    """Train a model from scratch, and calibrate it.

    Parameters
    ----------
    features : Features
    labels, valid : mapping
        From clip id to `call` or `nocall`, for the training clips and the calibration clips.
    params : TrainParams
    steps : Steps
    normalisation : Normalisation, optional
        Learned from the training clips if not given.
    by_model : collection of str
        Training clips whose labels come from a model.
    """
    params = with_equal_steps(params, len(labels), steps)
    train = labelled(labels)._replace(by_model=frozenset(by_model))
    model, _ = train_new_model(features, train, labelled(valid), params, normalisation)
    return model
