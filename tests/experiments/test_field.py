"""The loop in the field: what counts, what is kept, and whether the intervals hold."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from experiments.detection.matching import Call
from experiments.field import sound, study
from experiments.field.coverage import Tally, simulated_review, truth_of
from experiments.field.intervals import Simulation, simulate, tallied, truths
from experiments.field.outcome import measures, outcome, threshold_at
from experiments.field.section import elsewhere_table, seed_table, trust_table, worth_table
from experiments.field.sound import FieldData, overlaps_any
from experiments.field.study import (
    NOTHING,
    SUREST,
    UNCERTAIN,
    Review,
    Scored,
    drawn_clips,
    halves,
    reviewed_windows,
    scores_with,
)
from experiments.kinds import NETWORK
from stages.lib.feature_store import Features
from stages.lib.tables.clips import CALL, NOCALL, Clip, make_clip_id
from tools.lib.draws.candidates import Candidate

CALLS = {"field/a_0.flac": [Call(10.2, 11.4), Call(20.2, 21.0)], "field/b_0.flac": [], "field/c_0.flac": [Call(5, 6)]}
WINDOWS = 40
KNOWN, LABELS = ("a", "b", "b_again"), (CALL, NOCALL, NOCALL)


def window(name: str, start_s: float) -> Clip:
    """Return a window of a recording as a clip."""
    label = CALL if overlaps_any(start_s, 2.0, CALLS[name]) else NOCALL
    return Clip(1, make_clip_id(name, start_s), name, start_s, label, Path(name).stem[0])


@pytest.fixture
def data() -> FieldData:
    """Three recordings of 41 s, two with calls, and five published clips."""
    windows = {name: [window(name, float(start_s)) for start_s in range(WINDOWS)] for name in CALLS}
    known = [Clip(1, f"known--{n}_0000000", f"known/{n}.flac", 0.0, (CALL, NOCALL)[n % 2], "") for n in range(5)]
    features = Features(Path("nowhere"), {"shapes": {"embedding": [1]}}, {})
    return FieldData(features, known, windows, CALLS, dict.fromkeys(CALLS, 0.5), 2.0)


def scored(high: dict[str, dict[int, float]]) -> Scored:
    """Return scores of -5, with others at some starts."""
    of_windows = {name: np.full(WINDOWS, -5.0) for name in CALLS}
    for name, starts in high.items():
        for start_s, value in starts.items():
            of_windows[name][start_s] = value
    return Scored(of_windows, np.zeros(3), [])


# What counts.


@pytest.mark.parametrize(("start_s", "expected"), [(8, False), (8.3, True), (11, True), (11.4, False), (30, False)])
def test_a_window_that_overlaps_a_call_is_a_call(start_s, expected):
    assert overlaps_any(start_s, 2.0, CALLS["field/a_0.flac"]) is expected


def test_a_second_window_of_a_call_is_neither_found_nor_a_false_alarm(data):
    # Windows from 9 and 11 s both overlap the call at 10.2 s.
    of = outcome(data, scored({"field/a_0.flac": {9: 3.0, 11: 2.0, 30: 1.0}}), list(CALLS))
    assert of.found[of.p_call > 0].tolist() == [True, False]
    assert of.p_call[of.p_call > 0].tolist() == [3.0, 1.0]
    assert of.calls.tolist() == [2, 0, 1]


def test_false_alarms_are_counted_at_the_recall_that_is_asked_for(data):
    of = outcome(
        data,
        scored(
            {
                "field/a_0.flac": {9: 4.0, 30: 3.0, 20: 2.0},
                "field/b_0.flac": {3: 3.5, 9: 1.0},
                "field/c_0.flac": {5: 0.5},
            }
        ),
        list(CALLS),
    )
    everything = np.ones((1, 3), int)
    # Two of three calls are above two false alarms in 1.5 h; the third is below one more.
    assert measures(of, everything)[0, :3] == pytest.approx([2 / 1.5, 3 / 1.5, 3 / 1.5])
    assert threshold_at(of, 0.6) == 2.0
    assert np.isnan(measures(of, np.array([[0, 3, 0]]))).all()


def test_a_recall_that_is_never_reached_has_no_end_of_false_alarms(data):
    of = outcome(data, scored({}), ["field/a_0.flac"])._replace(calls=np.array([9]))
    assert np.isinf(measures(of, np.ones((1, 1), int))[0, :3]).all()
    assert threshold_at(of, 0.7) == -np.inf


# What is reviewed.


def test_both_halves_hold_all_recordings_in_turn(data):
    assert halves(data) == (["field/a_0.flac", "field/c_0.flac"], ["field/b_0.flac"])


def test_windows_of_the_reviewed_half_alone_are_drawn(data):
    chosen = reviewed_windows(data, scored({"field/a_0.flac": {9: 4.0}}), Review(0, 10, 5.0), 0)
    assert len(chosen) == 10
    assert {clip.recording for clip in chosen} <= set(halves(data)[0])
    assert make_clip_id("field/a_0.flac", 9.0) in {clip.clip_id for clip in chosen}


@pytest.mark.parametrize(("instead", "starts"), [(SUREST, {9.0, 15.0}), (UNCERTAIN, {25.0, 28.0})])
def test_half_of_the_windows_can_be_chosen_instead(data, instead, starts):
    high = scored({"field/b_0.flac": {9: 6.0, 15: 5.0, 21: 2.0, 25: 0.1, 28: -0.1}})
    chosen = reviewed_windows(data, high, Review(1, 4, 5.0, instead), 0)
    drawn = reviewed_windows(data, high, Review(1, 2, 5.0), 0)
    assert len({clip.clip_id for clip in chosen}) == 4
    assert chosen[:2] == drawn
    assert starts <= {clip.start_s for clip in chosen}


def test_published_clips_are_drawn_by_the_seed(data, monkeypatch):
    monkeypatch.setattr(study, "TRAIN", 2)
    monkeypatch.setattr(study, "VALID", 1)
    parts = drawn_clips(data, 0)
    assert [len(part) for part in parts] == [2, 1, 2]
    assert sorted(clip.clip_id for part in parts for clip in part) == sorted(clip.clip_id for clip in data.known)
    assert drawn_clips(data, 0) == parts


def test_scores_are_kept_and_not_made_again(data, monkeypatch, tmp_path):
    made = []

    def train(field_data: FieldData, seed: int, review: Review) -> Scored:
        made.append((seed, review))
        return scored({"field/a_0.flac": {seed: 1.5}})._replace(reviewed=["x"])

    monkeypatch.setattr(study, "SCORES", tmp_path / "scores")
    monkeypatch.setattr(study, "trained_and_scored", train)
    for _ in range(2):
        for seed, review in ((1, NOTHING), (1, NOTHING._replace(half=1)), (2, Review(0, 50, 5.0))):
            kept = scores_with(data, seed, review)
            assert kept.of_windows["field/a_0.flac"][seed] == 1.5
            assert kept.reviewed == ["x"]
    # Without answers it does not matter which half is reviewed.
    assert made == [(1, NOTHING), (2, Review(0, 50, 5.0))]


def test_the_field_data_has_the_published_clips_and_the_windows_with_their_features(tmp_path, monkeypatch):
    real, noise = tmp_path / "real", np.random.default_rng(0).standard_normal((3, 10_000)) / 10
    clips, long = real / "right_whale", real / "right_whale_recordings"
    for folder, name, samples in (
        (clips, "a.wav", noise[0, :4000]),
        (clips, "b.wav", noise[1, :4000]),
        (clips, "b_again.wav", noise[1, :4000]),
        (long, "NEFSC_1.wav", noise[2]),
    ):
        (folder / "recordings").mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / "recordings" / name, samples, 2000)
    rows = [f"{name}_0000000,{name}.wav,0.0,{label},\n" for name, label in zip(KNOWN, LABELS, strict=True)]
    (clips / "clips.csv").write_text("clip_id,recording,start_s,label,site\n" + "".join(rows))
    (long / "annotations.tsv").write_text("filename\tstart_s\tduration_s\tlabel\nNEFSC_1.wav\t3.5\t1.0\tcall\n")
    monkeypatch.setattr("experiments.kinds.CACHE", tmp_path / "cache")
    monkeypatch.setattr(sound, "FOLDER", tmp_path / "field")
    monkeypatch.setattr(sound, "RECORDINGS", real)
    monkeypatch.setattr(sound, "LONG_RECORDINGS", long)
    monkeypatch.setattr(sound, "available_kinds", lambda: [NETWORK])
    data = sound.open_field_data(NETWORK)
    assert [(clip.recording, clip.label) for clip in data.known] == [("known/a.wav", CALL), ("known/b.wav", NOCALL)]
    (windows,) = data.windows.values()
    assert [(one.start_s, one.label) for one in windows] == [(0, NOCALL), (1, NOCALL), (2, CALL), (3, CALL)]
    assert data.features.views == ("spectrogram",)
    assert set(data.features.places) == {clip.clip_id for clip in [*data.known, *windows]}


# Whether the intervals hold.


def test_the_truth_of_all_windows():
    p_call, is_call = np.array([0.9, 0.8, 0.2, 0.1]), np.array([True, False, True, False])
    assert truth_of(p_call, is_call, 2.0, 0.5) == {"precision": 0.5, "false_alarms_per_hour": 0.5, "recall": 0.5}
    assert np.isnan(truth_of(p_call, ~is_call & False, 2.0, 0.95)["precision"])


def test_where_every_window_is_heard_the_estimates_are_the_truth():
    there = simulate(Simulation(with_calls=1.0), 3, np.random.default_rng(1))
    windows = [
        Candidate("", str(recording), float(position), float(p_call))
        for position, (p_call, recording) in enumerate(zip(there.p_call, there.recording, strict=True))
    ]
    sample = simulated_review(windows, dict(zip(windows, there.is_call, strict=True)), 0.75, len(windows), "all")
    tally = Tally()
    for threshold, truth in truths(there).items():
        tally.add(sample, threshold, [truth])
    for held in tally.outcomes.values():
        assert held[0].holds == (True,)
    point = truth_of(there.p_call, there.is_call, 0.75, 0.5)
    assert tally.outcomes["recall", 0.5][0].value == pytest.approx(point["recall"])
    assert tally.outcomes["false_alarms_per_hour", 0.5][0].value == pytest.approx(point["false_alarms_per_hour"])


def test_intervals_from_twenty_recordings_hold_the_truth():
    tally = tallied(Simulation(), 20, 100, draws=30)
    of_these, of_all = np.mean([one.holds for outcomes in tally.outcomes.values() for one in outcomes], axis=0)
    assert of_these >= 0.95
    assert of_all >= 0.9


# What is published.


def test_the_tables_have_a_row_for_each_review(data):
    names = list(CALLS)
    good, poor = scored({"field/a_0.flac": {9: 4.0, 20: 3.0}, "field/c_0.flac": {5: 3.0}}), scored({})
    outcomes = {
        ("probe", NOTHING): [outcome(data, poor, names)] * 2,
        ("probe", Review(0, 100, 5.0)): [outcome(data, good, names)] * 2,
    }
    assert "| probe | second | none |  |" in worth_table(outcomes)[2]
    row = worth_table(outcomes)[3]
    assert row.startswith("| probe | second | 100 | 5 | 0.0 (0.0 to 0.0) | 0.0 (0.0 to 0.0) | 0.0 (0.0 to 0.0) | 1.00")
    assert "| 0.0, 0.0 | 0.0, 0.0 | 0.0, 0.0 |" in seed_table(outcomes)[3]
    known = dict.fromkeys(outcomes, [(0.9, 0.8, 0.7)] * 2)
    assert elsewhere_table(outcomes, {0: ["a", "b", "c"], 1: []}, known)[3].endswith("| 0.900 | 0.800 | 0.700 |")


def test_what_never_happened_is_left_blank():
    assert trust_table({(0, 50): Tally()}, (0.5,))[2] == "| first | 50 | precision |  |  |"
