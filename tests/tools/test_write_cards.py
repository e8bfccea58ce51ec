"""The cards of a small pipeline that has really run."""

import json
import re
import shutil
from pathlib import Path

import pandas
import pytest
from scipy.stats import binomtest

from experiments.clone import commit, git, overlay
from tests.support.tool import run_tool
from tools.lib.cards.card_facts import Facts, read_facts
from tools.lib.cards.data_card import data_card
from tools.lib.cards.model_card import model_card, precision
from tools.write_cards import CARDS

MODEL_CARD, DATA_CARD = CARDS


@pytest.fixture(scope="module")
def card(finished) -> str:
    return (finished / MODEL_CARD).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def of_data(finished) -> str:
    return (finished / DATA_CARD).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def clips(finished) -> pandas.DataFrame:
    """What is known of each clip, read by other means than the project's."""
    clips = pandas.read_csv(finished / "data" / "synthetic" / "clips.csv", keep_default_na=False)
    split = pandas.read_csv(finished / "labels" / "split.csv", keep_default_na=False)
    merged = pandas.read_csv(finished / "labels" / "merged.csv", keep_default_na=False)[["clip_id", "source"]]
    return clips.merge(split[["clip_id", "part"]], how="left").merge(merged, how="left")


@pytest.fixture
def facts(finished, monkeypatch) -> Facts:
    monkeypatch.chdir(finished)
    return read_facts()


def rows(text: str, title: str) -> list[list[str]]:
    """Return the cells of the first table of a section, without its header."""
    section = text.split(f"\n## {title}\n")[1].split("\n## ", maxsplit=1)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_the_same_outputs_give_the_same_bytes(finished):
    before = {path: (finished / path).read_bytes() for path in CARDS}
    result = run_tool(finished, "write_cards")
    assert (result.returncode, result.stdout) == (0, "docs/model_card.md, docs/data_card.md\n"), result.stderr
    assert {path: (finished / path).read_bytes() for path in CARDS} == before
    assert git(finished, "status", "--porcelain") == ""


def test_the_command_in_the_card_prints_the_commit_that_made_the_model(finished, card, copy_of_finished, tmp_path):
    folder = copy_of_finished(tmp_path / "clone")
    (folder / "docs" / "later.md").write_text("A page.\n")
    commit(folder, "Something else")
    (command,) = re.findall(r"^    git (log .*)$", card, flags=re.MULTILINE)
    printed = git(folder, *command.split()).strip()
    assert git(folder, "log", "-1", "--format=%s", printed).strip() == "First run with small params"


def test_the_figures_are_those_of_the_metrics(finished, card):
    metrics = json.loads((finished / "metrics" / "evaluation.json").read_text())
    found = {name: cells for name, *cells in rows(card, "How well it does")}
    for name in ("accuracy", "sensitivity", "specificity"):
        for cell, model in zip(found[name], ("before", "after"), strict=True):
            ends = metrics[model]["intervals"][name]
            assert cell == f"{metrics[model][name]:.3f} ({ends['low']:.3f} to {ends['high']:.3f})"
    assert found["area under the ROC curve"] == [f"{metrics[model]['roc_auc']:.3f}" for model in ("before", "after")]
    assert (finished / "metrics" / "report.txt").read_text().splitlines()[-1] in card


def test_each_site_has_its_own_figures(finished, card, clips):
    confusion = pandas.read_csv(finished / "metrics" / "plots" / "confusion_after.csv")
    test = clips[clips["part"] == "test"].sort_values("clip_id").reset_index()
    assert (test["label"] + "s" == confusion["truth"]).all()
    test["right"] = confusion["truth"] == confusion["prediction"]
    found = {site: cells for site, *cells in rows(card, "At which sites")}
    learnt = clips[clips["part"].isin(["train", "pool"]) & clips["source"].notna()]
    assert set(found) == {f"`{site}`" for site in {*test["site"], *learnt["site"]}}
    for site, of_site in test.groupby("site"):
        right, count = of_site["right"].sum(), len(of_site)
        ends = binomtest(int(right), count).proportion_ci(method="wilson")
        assert found[f"`{site}`"][1] == f"{right / count:.2f} ({ends.low:.2f} to {ends.high:.2f}) of {count}"


def test_it_says_what_was_learnt_from(card, clips):
    learnt = clips[clips["part"].isin(["train", "pool"]) & clips["source"].notna()]
    counts = {name: cells[0] for name, *cells in rows(card, "What it was trained on")}
    calls, nocalls = ((learnt[learnt["source"] == "dataset"]["label"] == label).sum() for label in ("call", "nocall"))
    assert counts["the data set's own labels"] == f"{calls} calls, {nocalls} no-calls"
    assert counts["experts"] == "none"


def test_the_data_card_counts_every_clip(of_data, clips):
    parts = {part: cells[0] for part, *cells in rows(of_data, "Parts and labels")}
    for part in ("train", "valid", "pool", "test"):
        of_part = clips[clips["part"] == part]["label"]
        assert parts[part] == f"{(of_part == 'call').sum()} calls, {(of_part == 'nocall').sum()} no-calls"
    by_site = {site: list(map(int, cells)) for site, *cells in rows(of_data, "Sites")}
    for site, of_site in clips.groupby("site"):
        assert by_site[f"`{site}`"][0] == of_site["recording"].nunique()
        assert sum(by_site[f"`{site}`"][1:]) == len(of_site)
    assert sum(sum(counts[1:]) for counts in by_site.values()) == len(clips)


def test_the_cards_hold_the_hashes_of_the_lock(finished, card, of_data):
    lock = (finished / "dvc.lock").read_text()
    for text in (card, of_data):
        hashes = re.findall(r"`([0-9a-f]{32}(?:\.dir)?)`", text)
        assert hashes
        assert all(f"md5: {digest}\n" in lock for digest in hashes)


def test_the_audit_is_reported_with_its_weights_and_with_what_nobody_could_tell(facts):
    rate = {"rate": 0.2, "rate_low": 0.05, "rate_high": 0.45}
    audited = {"all": {"checked": 9, "wrong": 2, "unsure": 3, **rate}}
    text = data_card(facts._replace(labels=facts.labels | {"audit_error": audited}))
    assert (
        "2 of 9 of these labels are wrong: 20.0% (5.0% to 45.0%, 95 % interval), each class weighted by how often the "
        "model gives it." in text
    )
    assert "- Of the clips drawn for the audit, 3 clips could not be told by the experts." in text
    unanswered = {"all": {"checked": 1, "wrong": 1, "unsure": 0}}
    assert "an audit" not in data_card(facts._replace(labels=facts.labels | {"audit_error": unanswered}))


def test_the_model_card_says_what_limits_its_figures(facts, card):
    assert "The scores are calibrated by 8 calls and 8 no-calls, which is too few" in card
    assert "The intervals take clips of one recording for independent, because" in card
    many = facts.outcome._replace(recordings=[f"sea{number}" for number in range(24)])
    assert "The intervals draw whole recordings (24)" in model_card(facts._replace(outcome=many))


def test_synthetic_sound_is_said_to_be_not_for_whales(card, of_data):
    assert "**Trained and tested on synthetic sound. It is not for whales" in card
    assert "- For whales." in card
    assert "**Synthetic sound" in of_data
    assert "[README.md](../data/synthetic/README.md), [dvc.yaml](../data/synthetic/dvc.yaml)" in of_data


def test_real_sound_is_not_said_to_be_synthetic(facts):
    files = {path.replace("data/synthetic", "data/reef"): file for path, file in facts.lock.files.items()}
    lock = facts.lock._replace(files=files, params=facts.lock.params | {"data.dataset": "reef"})
    for card in (model_card, data_card):
        text = card(facts._replace(lock=lock))
        assert "ynthetic" not in text
        assert "`reef`" in text
    assert "nothing in the folder says so" in data_card(facts._replace(lock=lock))


def test_whether_the_test_sites_are_known_to_the_model_is_said(facts):
    named = {"train": "bay", "valid": "bay", "pool": "bay", "test": "reef"}
    parts = {clip.clip_id: clip.part for clip in facts.split}

    def card_of(sites: dict[str, str]) -> str:
        clips = [clip._replace(site=sites[parts.get(clip.clip_id, "test")]) for clip in facts.clips]
        return model_card(facts._replace(clips=clips))

    said = "No recording is among both the clips learnt from and the test clips"
    assert f"{said}, and no site is." in card_of(named)
    assert f"{said}, but 1 of the 1 test sites are." in card_of(named | {"train": "reef"})
    assert f"{said}. Not every recording has a site" in card_of(named | {"train": ""})


def test_the_name_of_a_site_is_shown_as_it_is_and_not_run(facts):
    hostile = [clip._replace(site="<script>|`@somebody") for clip in facts.clips]
    for card in (model_card, data_card):
        text = card(facts._replace(clips=hostile))
        assert "<script>" not in text
        assert "@somebody" not in text
    nameless = [clip._replace(site="") for clip in facts.clips]
    assert [cells[0] for cells in rows(data_card(facts._replace(clips=nameless)), "Sites")] == ["(none named)"]


@pytest.mark.parametrize(
    ("prevalence", "sensitivity", "specificity", "expected"),
    [(0.5, 0.8, 0.8, 0.8), (0.01, 0.9, 0.9, 1 / 12), (0.1, 0.5, 1.0, 1.0), (0.1, 0.0, 1.0, 0.0)],
)
def test_fewer_detections_are_right_where_calls_are_rare(prevalence, sensitivity, specificity, expected):
    assert precision(prevalence, sensitivity, specificity) == pytest.approx(expected)


def test_the_params_are_those_that_the_model_was_made_with(copy_of_finished, card, tmp_path):
    folder = copy_of_finished(tmp_path / "clone")
    overlay(folder / "params.yaml", {"train": {"epochs": 77}})
    assert run_tool(folder, "write_cards").returncode == 0
    assert (folder / MODEL_CARD).read_text(encoding="utf-8") == card


# Faults.


def refused(folder: Path) -> list[str]:
    """Return what is said of a folder whose cards cannot be written; they must stay as they were."""
    before = {path: (folder / path).read_bytes() for path in CARDS}
    result = run_tool(folder, "write_cards")
    assert (result.returncode, result.stdout) == (1, "")
    assert {path: (folder / path).read_bytes() for path in CARDS} == before
    return result.stderr.splitlines()


def test_outputs_that_are_not_those_of_the_lock_are_named_all_at_once(copy_of_finished, tmp_path):
    folder = copy_of_finished(tmp_path / "clone")
    metrics = folder / "metrics" / "evaluation.json"
    metrics.write_text(metrics.read_text().replace('"accuracy": 0.', '"accuracy": 0.9'))
    (folder / "labels" / "split.csv").unlink()
    assert refused(folder) == [
        "labels/split.csv: there is no such file; run dvc repro, or dvc pull",
        "metrics/evaluation.json: is not the one that dvc.lock knows; run dvc repro, or dvc checkout",
    ]


@pytest.mark.parametrize("text", ["", "stages: [", "stages:\n  featurize: 1\n", "<<<<<<< HEAD\n"])
def test_a_lock_that_cannot_be_read_is_named(copy_of_finished, tmp_path, text):
    folder = copy_of_finished(tmp_path / "clone")
    (folder / "dvc.lock").write_text(text)
    assert refused(folder) == ["dvc.lock: is missing or cannot be read; run dvc repro"]
    shutil.rmtree(folder)
