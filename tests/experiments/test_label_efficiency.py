"""The experiment on label efficiency: two seeds and two rounds through the real `dvc repro`, and its arithmetic."""

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as of
from scipy.stats import ttest_1samp, ttest_rel

from experiments.clone import REPOSITORY, overlay, repro, run_in, stages_run
from experiments.label_efficiency.choosing import ranking
from experiments.label_efficiency.draw import Draw, draw
from experiments.label_efficiency.learning import with_equal_steps
from experiments.label_efficiency.oracle import Oracle
from experiments.label_efficiency.section import SECTION
from experiments.label_efficiency.settings import HERE, Settings, Steps
from experiments.label_efficiency.summary import NEVER, area, estimate, labels_needed, labels_needed_estimate
from experiments.page_section import marks
from stages.lib.query.strategies import Candidates
from stages.lib.runtime.params import read_flat_params
from stages.lib.tables.clips import Clip, read_clips
from stages.lib.training.inputs import TrainParams
from tests.support.modules import code_mismatches, declared_code
from tests.support.tiny_pretrained import put_in_place

PACKAGE = "experiments.label_efficiency"
STRATEGIES = ["random", "margin"]
KINDS = ["probe", "network"]
SEEDS = [0, 1]


def small_kind(**changes: object) -> dict:
    """Return a kind with few runs; each has lists of its own, as params.yaml takes no references."""
    return {"strategies": [*STRATEGIES], "seeds": [*SEEDS], "labels": {"synthetic": [20, 30]}, **changes}


SMALL = {
    "datasets": ["synthetic"],
    "featurize": {"pretrained": "tiny"},
    "kinds": {"probe": small_kind(), "network": small_kind(model_labels_until=30)},
    "sources": {
        "synthetic": {
            "folder": "../../data/synthetic",
            "overlay": "../../params.yaml",
            "group_by": "recording",
            "pool": 80,
            "test": 40,
        }
    },
    "steps": {"as_for": 16, "at_most": 2},
}


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def settings_of(folder: Path) -> Settings:
    return read_flat_params(Settings, folder / HERE / "params.yaml")


@pytest.fixture(scope="module")
def done(copy_of_finished, tmp_path_factory) -> Path:
    """A clone in which the experiment has run."""
    folder = copy_of_finished(tmp_path_factory.mktemp("label_efficiency") / "clone")
    put_in_place(folder)
    overlay(folder / HERE / "params.yaml", SMALL)
    printed = repro(folder / HERE, "summarise")
    assert len(stages_run(printed)) == 1 + len(KINDS) * len(STRATEGIES) * len(SEEDS) + 1, printed
    return folder


def drawn_in(folder: Path, kind: str, seed: int) -> Draw:
    clips = read_clips(folder / HERE / "features" / "synthetic" / "clips.csv")
    settings = settings_of(folder)
    return draw(clips, settings.sources["synthetic"], [20, 30], settings.kinds[kind].valid_of, seed)


def asked(folder: Path, run: str) -> list[dict[str, str]]:
    return rows_of(folder / HERE / "asked" / "synthetic" / f"{run}.csv")


def results(folder: Path, run: str) -> list[dict[str, str]]:
    return rows_of(folder / HERE / "runs" / "synthetic" / f"{run}.csv")


@pytest.mark.prove
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("seed", SEEDS)
def test_no_more_labels_are_revealed_than_asked_for(kind, strategy, seed, done):
    run = f"{kind}-{strategy}-{seed}"
    rows = asked(done, run)
    clip_ids = [row["clip_id"] for row in rows]
    assert len(set(clip_ids)) == len(clip_ids) == 30
    assert sum(row["labels"] == "20" for row in rows) == 20
    # Of the network a tenth of the labels calibrates, and no more; the probe needs none.
    calibrating = [row["labels"] for row in rows if row["part"] == "valid"]
    assert calibrating == (["20", "20", "30"] if kind == "network" else [])
    assert [(row["labels"], row["learnt_from"]) for row in results(done, run)] == [
        (labels, learnt_from) for labels in ("20", "30") for learnt_from in ("experts", "experts and model")
    ]
    candidates = len(drawn_in(done, kind, seed).candidates)
    for row in results(done, run):
        # No more than the candidates, of which the last round has fewer.
        assert int(row["model_labels_wrong"]) <= int(row["model_labels"]) <= candidates


@pytest.mark.prove
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("seed", SEEDS)
def test_test_clips_are_never_learnt_from_and_no_recording_is_divided(kind, strategy, seed, done):
    drawn = drawn_in(done, kind, seed)
    learnt = {row["clip_id"] for row in asked(done, f"{kind}-{strategy}-{seed}")}
    pool = {*drawn.start, *drawn.valid, *drawn.candidates}
    assert learnt <= pool
    assert len(drawn.test) == 40
    recording = {
        clip.clip_id: clip.recording for clip in read_clips(done / HERE / "features" / "synthetic" / "clips.csv")
    }
    assert not {recording[clip_id] for clip_id in pool} & {recording[clip_id] for clip_id in drawn.test}


@pytest.mark.prove
@pytest.mark.parametrize("seed", SEEDS)
def test_the_kinds_of_model_share_the_test_and_the_first_labels(seed, done):
    probe, network = (drawn_in(done, kind, seed) for kind in KINDS)
    assert probe.test == network.test
    assert set(probe.start) == {*network.start, *network.valid[:2]}


@pytest.mark.prove
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", SEEDS)
def test_runs_of_a_seed_differ_by_their_strategy_alone(kind, seed, done):
    runs = [f"{kind}-{strategy}-{seed}" for strategy in STRATEGIES]
    first, second = (asked(done, run) for run in runs)
    assert first[:20] == second[:20]
    assert [row for row in first if row["part"] == "valid"] == [row for row in second if row["part"] == "valid"]
    assert first != second
    # The same model has seen the same labels in the first round, so that it says the same.
    first, second = (results(done, run)[:2] for run in runs)
    assert first == second


@pytest.mark.prove
def test_seeds_draw_other_clips(done):
    # Of more recordings than the small data set has, where the parts can be filled in one way only.
    clips = [
        Clip(number, f"sea{number}", f"sea{number}.wav", 0.0, ("call", "nocall")[number % 2], "")
        for number in range(140)
    ]
    settings = settings_of(done)
    valid_of = settings.kinds["network"].valid_of
    first, second = (draw(clips, settings.sources["synthetic"], [20, 30], valid_of, seed) for seed in SEEDS)
    assert set(first.start) != set(second.start)
    assert first.test != second.test


@pytest.mark.prove
def test_a_run_repeats_byte_for_byte(done):
    name = Path("synthetic") / "probe-margin-1.csv"
    before = [(done / HERE / kind / name).read_bytes() for kind in ("runs", "asked")]
    repro(done / HERE, "--force", "--single-item", "probe@synthetic-margin-1")
    assert [(done / HERE / kind / name).read_bytes() for kind in ("runs", "asked")] == before


@pytest.mark.prove
@pytest.mark.parametrize("kind", KINDS)
def test_the_tables_hold_what_the_runs_have(kind, done):
    runs = {
        (strategy, seed): [
            float(row["accuracy"])
            for row in results(done, f"{kind}-{strategy}-{seed}")
            if row["learnt_from"] == "experts"
        ]
        for strategy in STRATEGIES
        for seed in SEEDS
    }
    (row,) = [
        row
        for row in rows_of(done / HERE / "tables" / "comparison_synthetic.csv")
        if (row["kind"], row["strategy"], row["learnt_from"]) == (kind, "margin", "experts")
    ]
    # Of two points the area is their mean.
    areas = {key: np.mean(accuracy) for key, accuracy in runs.items()}
    margin, random = ([areas[strategy, seed] for seed in SEEDS] for strategy in ("margin", "random"))
    assert float(row["area_difference"]) == pytest.approx(np.mean(margin) - np.mean(random), abs=1e-4)
    if np.ptp(np.subtract(margin, random)):
        interval = ttest_rel(margin, random).confidence_interval(0.95)
        assert float(row["area_difference_low"]) == pytest.approx(interval.low, abs=1e-4)
        assert float(row["area_difference_high"]) == pytest.approx(interval.high, abs=1e-4)


@pytest.mark.prove
def test_the_section_of_a_page_is_replaced_and_the_curves_are_drawn(done):
    page = done / "page.md"
    begin, end = marks(SECTION)
    page.write_text(f"above\n{begin}\nold\n{end}\nbelow\n")
    outcome = run_in(done, "python", "-m", "experiments.label_efficiency.section", "--page", "page.md")
    assert outcome.returncode == 0, outcome.stderr
    text = page.read_text()
    assert text.startswith(f"above\n{begin}\n\n### synthetic: 2 seeds of the probe, 2 seeds of the network\n")
    assert text.endswith(f"{end}\nbelow\n")
    assert "| probe | margin | experts and model |" in text
    assert "| labels | probe, random | probe, margin | network, random | network, margin |" in text


@pytest.mark.prove
def test_the_curves_of_all_kinds_are_in_one_plot(done):
    for dataset in ("right_whale", "orca"):
        shutil.copyfile(done / HERE / "tables/curves_synthetic.csv", done / HERE / f"tables/curves_{dataset}.csv")
        title = dataset.replace("_", " ").capitalize()
        outcome = run_in(done / HERE, "dvc", "plots", "show", title, "--out", "drawn")
        assert outcome.returncode == 0, outcome.stderr
        drawn = (done / HERE / "drawn" / "index.html").read_text()
        assert "accuracy_low" in drawn
        assert all(f'"{kind}"' in drawn for kind in KINDS)
        shutil.rmtree(done / HERE / "drawn")


@pytest.mark.prove
def test_nothing_is_stale_after_a_run(done):
    assert "up to date" in run_in(done / HERE, "dvc", "status", "summarise", "--with-deps").stdout
    assert stages_run(repro(done / HERE, "summarise")) == []


@pytest.mark.prove
def test_the_commands_at_the_root_know_nothing_of_it(done):
    for command in (("stage", "list", "--all"), ("dag", "--mermaid"), ("status",), ("plots", "show", "--json")):
        outcome = run_in(done, "dvc", *command)
        assert outcome.returncode == 0, outcome.stderr
        assert "label_efficiency" not in outcome.stdout
    assert "up to date" in run_in(done, "dvc", "status").stdout
    assert stages_run(repro(done, "--all-pipelines")) == []


def test_it_declares_the_modules_that_it_imports_and_no_others():
    stages = yaml.safe_load((REPOSITORY / HERE / "dvc.yaml").read_text())["stages"]
    for stage, module in (("features", "features"), ("probe", "run"), ("network", "run"), ("summarise", "summarise")):
        declared = declared_code(stages[stage].get("do", stages[stage])["deps"], REPOSITORY / HERE)
        assert code_mismatches(f"experiments.label_efficiency.{module}", declared) == [], stage


def test_an_unknown_strategy_is_refused_in_a_line():
    command = (
        "python",
        "-m",
        "experiments.label_efficiency.run",
        "--kind",
        "probe",
        "--dataset",
        "orca",
        "--seed",
        "0",
    )
    outcome = run_in(REPOSITORY, *command, "--strategy", "guess")
    assert outcome.returncode == 2
    assert "invalid choice: 'guess'" in outcome.stderr


def test_the_oracle_reveals_a_label_once_and_only_when_asked():
    oracle = Oracle({"a": "call", "b": "nocall"})
    assert oracle.answers == {}
    oracle.ask(["b"])
    assert oracle.answers == {"b": "nocall"}
    with pytest.raises(ValueError, match="b has already been asked about"):
        oracle.ask(["a", "b"])
    assert oracle.count_wrong({"a": "nocall", "b": "nocall"}) == 1


@given(of.lists(of.integers(0, 1_000_000), min_size=1, max_size=50), of.integers(1, 20))
def test_band_and_entropy_ask_about_the_clips_of_margin(scores, count):
    log_odds = np.array(scores) / 50_000 - 10
    pool = Candidates(
        [f"{number:02d}" for number in range(len(scores))], log_odds, abs(log_odds) <= 0.4, None, count, None
    )
    assert ranking("band", pool) == ranking("margin", pool)
    assert ranking("entropy", pool) == ranking("margin", pool)


@pytest.mark.parametrize("clip_count", [180, 360, 900, 1800])
def test_every_number_of_labels_gets_about_the_same_steps(clip_count):
    params = TrainParams(seed=0, epochs=16, batch_size=16, networks=1, learning_rate=0.001)
    scaled = with_equal_steps(params, clip_count, Steps(as_for=1000, at_most=2000))
    steps = scaled.epochs * -(-clip_count // 16)
    assert steps == pytest.approx(16 * 63, rel=0.06)
    assert with_equal_steps(params, clip_count, Steps(as_for=1000, at_most=500)).epochs < scaled.epochs


def test_the_interval_is_that_of_the_paired_t_test():
    random = np.random.default_rng(0)
    ours, others = random.random(5), random.random(5)
    found = estimate(ours - others)
    expected = ttest_rel(ours, others).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    assert estimate(ours).low == pytest.approx(ttest_1samp(ours, 0).confidence_interval(0.95).low)
    assert np.isnan(estimate([0.8]).low)


def test_the_area_is_the_mean_accuracy_along_the_way():
    assert area([200, 300, 500], [0.8, 0.9, 0.9]) == pytest.approx((0.85 * 100 + 0.9 * 200) / 300)
    assert area([200], [0.8]) == 0.8


def test_the_labels_needed_lie_on_the_line_between_two_rounds():
    assert labels_needed([200, 300, 400], [0.80, 0.84, 0.88], 0.85) == pytest.approx(325)
    assert labels_needed([200, 300], [0.80, 0.84], 0.79) == 200
    assert labels_needed([200, 300], [0.80, 0.84], 0.85) == NEVER


def test_the_interval_of_the_labels_needed_draws_the_seeds_of_both_curves_together():
    # With the first seed 250 labels are needed, with the second 300, and 275 with both.
    ours = np.array([[0.80, 0.90, 0.90], [0.70, 0.80, 0.85]])
    reference = np.array([[0.70, 0.80, 0.85], [0.70, 0.75, 0.80]])
    needed = labels_needed_estimate([200, 300, 400], ours, reference)
    assert needed == pytest.approx((275, 250, 300))
    # One seed that never gets there makes the upper end infinite; a single seed has no interval.
    assert labels_needed_estimate([200, 300, 400], ours, np.array([[0.7, 0.8, 0.85], [0.7, 0.8, 0.95]])).high == NEVER
    assert np.isnan(labels_needed_estimate([200, 300, 400], ours[:1], reference[:1]).low)
