"""The model card: what the retrained model is, how well it does, and what it is not for.

References
----------
Mitchell et al. (2019), "Model cards for model reporting", whose sections these are, as far as they apply.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from stages.lib.feature_store import EMBEDDING, SPECTROGRAM
from stages.lib.features.pretrained import FOLDER, read_pretrained
from stages.lib.intervals.bootstrap import interval_remark
from stages.lib.intervals.proportions import proportion
from stages.lib.measures.comparison import training_remark
from stages.lib.measures.measures import THRESHOLD
from stages.lib.model.calibration import calibration_remark
from stages.lib.model.model_folder import RETRAINED
from stages.lib.tables.merged import BY_EXPERT, DATASET, MODEL
from tools.lib.cards.card import card
from tools.lib.cards.card_facts import Facts, label_counts, site_name
from tools.lib.markdown import code, table

SYNTHETIC_WARNING = "Trained and tested on synthetic sound. It is not for whales, and no figure here is one on whales."
MEASURES = ("accuracy", "sensitivity", "specificity")
SOURCES = {
    DATASET: "the data set's own labels",
    BY_EXPERT: "experts",
    MODEL: "the baseline model, where it was confident",
}
# How rare calls may be where the model is used: one clip in so many.
ONE_IN = (2, 10, 100, 1000)


def model_card(facts: Facts) -> str:
    """Return the card as Markdown."""
    sections = {
        "The model": the_model(facts),
        "What it was trained on": training_labels(facts),
        "How well it does": performance(facts),
        "At which sites": sites(facts),
        "At which threshold": threshold(facts),
        "What it must not be used for": not_for(facts),
    }
    return card("Model card", SYNTHETIC_WARNING if facts.is_synthetic else "", sections)


def the_model(facts: Facts) -> list[str]:
    """Say which model it is, and how it was made."""
    params, model = facts.lock.params, facts.lock.files[str(RETRAINED)]
    rows = [
        ("what it does", f"gives the probability of a call in {params['featurize.clip_s']:g} s of sound"),
        ("what it sees", "; and ".join(WHAT_IT_SEES[view](params) for view in params["featurize.views"])),
        (
            "what it hears",
            "the mean of all channels"
            if params["featurize.channel"] == "mix"
            else f"channel {params['featurize.channel']}",
        ),
        ("what it is", " and ".join(WHAT_IT_IS[view](params) for view in params["featurize.views"])),
        *([("training", of_networks(params))] if SPECTROGRAM in params["featurize.views"] else []),
        ("calibration", f"log-odds divided by {facts.evaluation['after']['calibration']['temperature']:g}"),
        ("in `dvc.lock`", f"{code(str(RETRAINED))}, `{model['md5']}`"),
    ]
    return [
        *table(("", ""), rows),
        "",
        "The commit that made it, with its code, its params and its labels, is the one that this prints:",
        "",
        f"    git log -1 --format=%H -S{model['md5']} -- dvc.lock",
    ]


def spectrogram_seen(params: Mapping[str, Any]) -> str:
    """Say what spectrogram the network sees."""
    level = "PCEN" if params["featurize.pcen"] else "decibels"
    denoised = ", denoised by wavelets" if params["featurize.wavelet_denoise"] else ""
    return (
        f"{params['featurize.mel_bands']} mel bands from {params['featurize.min_hz']:g} to "
        f"{params['featurize.max_hz']:g} Hz of sound at {params['featurize.sample_rate']} Hz, {level}{denoised}"
    )


def embedding_seen(params: Mapping[str, Any]) -> str:
    """Say which pretrained model makes the embedding, and what its weights may be used for."""
    name = params["featurize.pretrained"]
    pretrained = read_pretrained(FOLDER / name)
    speeds = ", ".join(f"{speed:g}" for speed in params["featurize.speeds"])
    return (
        f"the embedding by {code(name)} ({pretrained.size} numbers, played {speeds} times as fast). **Its weights are "
        f"under {pretrained.licence}**, from {pretrained.source}"
    )


def of_networks(params: Mapping[str, Any]) -> str:
    """Say how the networks were trained."""
    return (
        f"{params['train.epochs']} epochs in batches of {params['train.batch_size']}, seed {params['train.seed']}, "
        f"from {'random weights' if params['retrain.init'] == 'scratch' else 'the weights of the baseline'}"
    )


def probe_named(_params: Mapping[str, Any]) -> str:
    """Name the probe."""
    return "a probe: logistic regression on embeddings ([probe.py](../stages/lib/model/probe.py))"


def networks_named(params: Mapping[str, Any]) -> str:
    """Name the network, and how many there are of it."""
    networks = params["train.networks"]
    kind = "small convolutional network"
    many = f"{networks} {kind}s whose log-odds are averaged"
    return f"{many if networks > 1 else f'a {kind}'} ([network.py](../stages/lib/model/network.py))"


WHAT_IT_SEES = {SPECTROGRAM: spectrogram_seen, EMBEDDING: embedding_seen}
WHAT_IT_IS = {SPECTROGRAM: networks_named, EMBEDDING: probe_named}


def training_labels(facts: Facts) -> list[str]:
    """Say what the model learnt from."""
    learnt = [clip for clip in facts.merged if clip.part != "valid"]
    valid = [clip for clip in facts.merged if clip.part == "valid"]
    rows = [
        (text, label_counts(clip.label for clip in learnt if clip.source == source)) for source, text in SOURCES.items()
    ]
    by, alone = facts.evaluation["after"]["calibration"], SPECTROGRAM not in facts.lock.params["featurize.views"]
    remark = calibration_remark(by["calls"], by["nocalls"])
    calibrated = (
        "Calibrated by cross-validation on the same clips."
        if alone
        else f"Calibrated on {label_counts(clip.label for clip in valid)} besides."
    )
    return [
        f"Clips of {code(facts.data.dataset)} ([data card](data_card.md)), with labels from:",
        "",
        *table(("source", "clips"), rows),
        "",
        calibrated,
        *(["", remark] if remark else []),
    ]


def performance(facts: Facts) -> list[str]:
    """Say how well both models do on the test clips."""
    before, after = facts.evaluation["before"], facts.evaluation["after"]
    rows = [(name, interval(before, name), interval(after, name)) for name in MEASURES]
    rows += [
        (text, f"{before[name]:.3f}", f"{after[name]:.3f}")
        for name, text in (("roc_auc", "area under the ROC curve"), ("average_precision", "average precision"))
    ]
    rows.append(("calibration error", *(f"{model['calibration']['error']:.3f}" for model in (before, after))))
    calls, nocalls = (after[name]["support"] for name in ("calls", "nocalls"))
    return [
        f"On {calls + nocalls} test clips ({calls} calls, {nocalls} no-calls) of which neither model has learnt, with "
        f"95 % Wilson intervals, at a threshold of {THRESHOLD}. Sensitivity is the share of the calls that it finds, "
        "specificity that of the no-calls that it leaves alone.",
        "",
        *table(("", "baseline", "this model"), rows),
        "",
        facts.verdict,
        "",
        interval_remark(len(set(facts.outcome.recordings))),
        "",
        training_remark(facts.evaluation["change"]["training_spread"]["accuracy"]),
    ]


def interval(measures: Mapping[str, Any], name: str) -> str:
    """Return a proportion with its interval."""
    ends = measures["intervals"][name]
    return f"{measures[name]:.3f} ({ends['low']:.3f} to {ends['high']:.3f})"


def sites(facts: Facts) -> list[str]:
    """Say where it learnt, where it was tested, and how well that went at each place."""
    site_of = facts.site_of
    learnt = defaultdict(list)
    for clip in facts.merged:
        if clip.part != "valid":
            learnt[site_of[clip.clip_id]].append(clip.label)
    tested = np.array([site_of[clip_id] for clip_id in facts.outcome.clip_ids])
    rows = []
    for site in sorted({*learnt, *tested}):
        right, is_call = (values[tested == site] for values in (facts.outcome.right, facts.outcome.is_call))
        rows.append(
            (
                site_name(site),
                label_counts(learnt.get(site, [])),
                *(share(right[of]) for of in (slice(None), is_call, ~is_call)),
            )
        )
    head = ("site", "learnt from", "accuracy", "sensitivity", "specificity")
    return [
        apartness(set(learnt), set(tested)),
        "",
        *table(head, rows),
        "",
        "The intervals by site take clips of one recording for independent.",
    ]


def apartness(learnt: set[str], tested: set[str]) -> str:
    """Say whether the test tells anything about sites from which the model has learnt nothing."""
    said = "No recording is among both the clips learnt from and the test clips"
    shared = len(learnt & tested)
    if "" in learnt | tested:
        return f"{said}. Not every recording has a site, so whether a site is among both is not known."
    if not shared:
        return f"{said}, and no site is."
    return (
        f"{said}, but {shared} of the {len(tested)} test sites are. There the figures do not say how well it does "
        "at a site from which it has learnt nothing."
    )


def share(right: np.ndarray) -> str:
    """Return the share of clips that are right, with its interval and their number; blank where there are none."""
    if not len(right):
        return ""
    value, low, high = proportion(int(right.sum()), len(right))
    return f"{value:.2f} ({low:.2f} to {high:.2f}) of {len(right)}"


def threshold(facts: Facts) -> list[str]:
    """Say what a score means, and what a detection is worth where calls are rare."""
    after = facts.evaluation["after"]
    low, high = (facts.lock.params[f"score_pool.{end}"] for end in ("low", "high"))
    shown = {
        "as measured": (after["sensitivity"], after["specificity"]),
        "at the low ends": tuple(after["intervals"][name]["low"] for name in ("sensitivity", "specificity")),
        "at the high ends": tuple(after["intervals"][name]["high"] for name in ("sensitivity", "specificity")),
    }
    rows = [
        (f"1 clip in {clips:,}", *(f"{precision(1 / clips, *rates):.1%}" for rates in shown.values()))
        for clips in ONE_IN
    ]
    return [
        f"All figures are for a threshold of {THRESHOLD}: more than that is a call. `metrics/plots/roc_after.csv` "
        f"has what others give. Clips of the pool that score from {low:g} to {high:g} go to experts.",
        "",
        "A score is the probability of a call where these are as frequent as in the clips that the model was "
        "calibrated on. Where they are rarer, fewer of the clips above the threshold hold one. By Bayes' rule, from "
        "the sensitivity and the specificity above, and from both ends of their intervals:",
        "",
        *table(("a call in", *(f"right, {name}" for name in shown)), rows),
    ]


def precision(prevalence: float, sensitivity: float, specificity: float) -> float:
    """Return the share of calls among the clips above the threshold, where calls have some share of all clips."""
    found, false_alarms = prevalence * sensitivity, (1 - prevalence) * (1 - specificity)
    return found / (found + false_alarms) if found + false_alarms else 0.0


def not_for(facts: Facts) -> Sequence[str]:
    """List what it must not be used for."""
    found = interval(facts.evaluation["after"], "sensitivity")
    synthetic = ["- For whales. What it learnt from was made by a program, and is like the sea in outline only."]
    return [
        *(synthetic if facts.is_synthetic else []),
        f"- To conclude that no animal is there. It finds a share of {found} of the calls in the test clips, and an "
        "animal that does not call cannot be heard.",
        "- To decide anything about ships, noise or animals without a person who listens to what it has found.",
        "- To count animals, or calls: a detection says that there is a call, not how many.",
        "- With other hydrophones, at other sites or for other species, before it was tested on clips from there that "
        "somebody has listened to.",
    ]
