"""`metrics/model_card.md`: what the retrained model is, how well it does, and what it is not for.

References
----------
Mitchell et al. (2019), "Model cards for model reporting", whose sections these are, as far as they apply.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from stages.lib.cards.card import data_link
from stages.lib.cards.field_results import field_section
from stages.lib.cards.model_kind import kind, seen
from stages.lib.cards.model_results import interval, rarity_table, results_table, sources_table
from stages.lib.cards.site_results import known_sites, site_table
from stages.lib.measures.comparison import verdict
from stages.lib.measures.measures import THRESHOLD
from stages.lib.runtime.params import DataParams
from stages.lib.tables.merged import MergedClip

MODEL_CARD = Path("metrics/model_card.md")


class Evaluated(NamedTuple):
    """The retrained model and its results.

    Attributes
    ----------
    data : DataParams
    featurize : dict
        Section `featurize` of params.yaml, as it was when the model was trained.
    networks : int
    pretrained : dict or None
        The description of the pretrained model that computes its embeddings, if there is one.
    results : dict
        The content of metrics/evaluation.json.
    remarks : sequence of str
        What limits these figures.
    labels : sequence of MergedClip
        The clips that the model was trained and calibrated on.
    site_of : dict
        From clip id to site; empty if the recording has none.
    test : sequence of str
        Ids of the test clips.
    is_call, right : ndarray of bool, shape (test clips,)
        The truth, and whether the retrained model is right.
    field : dict
        The content of metrics/field.json.
    digest : str
        Digest of the retrained model.
    """

    data: DataParams
    featurize: Mapping[str, Any]
    networks: int
    pretrained: Mapping[str, Any] | None
    results: Mapping[str, Any]
    remarks: Sequence[str]
    labels: Sequence[MergedClip]
    site_of: Mapping[str, str]
    test: Sequence[str]
    is_call: np.ndarray
    right: np.ndarray
    field: Mapping[str, Any]
    digest: str


def model_card(model: Evaluated) -> str:
    """Return the card as Markdown."""
    parts = kind(model.featurize["views"], model.networks)
    calibration = model.results["after"]["calibration"]
    learned = [clip for clip in model.labels if clip.part != "valid"]  # Validation only calibrates.
    labels_of = defaultdict(list)
    for clip in learned:
        labels_of[model.site_of[clip.clip_id]].append(clip.label)
    return f"""\
# Model card

{origin(model.data, "Trained and tested" if model.test else "Trained")}

The stage `evaluate` writes this page; edits are lost. It is about `models/retrained` of the same commit.

## The model

- **Input:** {seen(model.featurize, model.pretrained)}.
- **Output:** the probability that the clip holds a call.
- **Model:** {parts}. [params.yaml](../params.yaml) has the settings of the training.
- **Calibration:** log-odds divided by {calibration["temperature"]:g}, fitted on {calibration["calls"]} calls and
  {calibration["nocalls"]} no-calls.

## What it learned from

{sources_table(learned)}

[labels.json](labels.json) counts the experts' answers and the wrong ones among the model's own labels.

## Results on the test clips

{results_section(model, labels_of)}

## In the field

{field_section(model.field, model.digest)}

## What not to use it for

- **To conclude that no whale is there.** {found(model.results["after"])}, and whales that do not call cannot be heard.
- **To decide without a person.** Somebody should listen to the detections before anything is decided about ships, noise
  or animals.
- **To count animals or calls.** A detection says that there is a call, not how many.
- **At other sites, with other hydrophones or for other species,** before it is tested on labelled clips from there.
"""


def results_section(model: Evaluated, labels_of: Mapping[str, Sequence[str]]) -> str:
    """Return the results for all sites and by site, and their limits; without test clips, only the limits.

    Parameters
    ----------
    model : Evaluated
    labels_of : mapping
        From site to the labels of the clips that the model learned from.
    """
    remarks = "\n".join(f"- {remark}" for remark in model.remarks)
    if not model.test:
        return remarks
    after = model.results["after"]
    tested = np.array([model.site_of[clip_id] for clip_id in model.test])
    return f"""\
The test clips are {after["calls"]["support"]} calls and {after["nocalls"]["support"]} no-calls that neither model has
learned from. 95 % intervals are in brackets. At a threshold of {THRESHOLD}, sensitivity is the share of calls that the
model finds, and specificity the share of no-calls that it rejects.

{results_table(model.results)}

{verdict(model.results["change"])}

What limits these figures:

{remarks}

## Sites

{known_sites(set(labels_of), set(tested))}

{site_table(labels_of, tested, model.is_call, model.right)}

These intervals treat clips of one recording as independent.

## Where calls are rare

A score is the probability of a call if {frequency_of_calls(model.featurize["views"])}. Where they are rarer, more of
the clips above the threshold are false alarms. By Bayes' rule, this share of them are calls:

{rarity_table(after)}

[roc_after.csv](plots/roc_after.csv) has sensitivity and specificity at other thresholds."""


def frequency_of_calls(views: Sequence[str]) -> str:
    """Say how frequent calls are where the scores are probabilities: a probe alone gives both classes equal weight."""
    if "spectrogram" in views:
        return "calls are as frequent as in the calibration clips"
    return "calls are as frequent as no-calls"


def found(after: Mapping[str, Any]) -> str:
    """Say what share of the calls the model finds."""
    if "sensitivity" not in after:
        return "What share of the calls the model finds is not known"
    return f"The model finds a share of {interval(after, 'sensitivity')} of the calls"


def origin(data: DataParams, made: str) -> str:
    """Say what the model was made on; `made` is what was done there."""
    if data.is_synthetic:
        return (
            f"**{made} on synthetic sound ([data card](data_card.md)). It is not for whales, and no figure here is "
            "about whales.**"
        )
    return f"{made} on {data_link(data)} ([data card](data_card.md))."
