import csv
import json
import shutil

import joblib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.special import logit

from stages.lib.model_labels import audit_error
from stages.lib.query.strategies import STRATEGIES
from stages.lib.runtime.table import read_table
from stages.lib.tables.expert import COLUMNS, QUEUE
from stages.lib.tables.pool import PoolClip, read_pool
from stages.lib.tables.reviews import REVIEWS, Review, write_reviews
from stages.lib.tables.split import read_split
from stages.lib.tables.undecided import ROUNDS, UNDECIDED, UndecidedClip, write_undecided
from stages.score_pool import (
    PoolParams,
    choose_queue,
    decide,
    decide_and_queue,
    drawn_for_audit,
    histogram,
    main,
    pool_metrics,
)
from tools.next_round import still_undecided

BAND = (0.4, 0.6)

scores = st.lists(st.integers(0, 1_000_000).map(lambda millionths: millionths / 1_000_000), max_size=60)


def make_pool(*scores: float) -> list[PoolClip]:
    return [PoolClip(f"clip{number:02d}", score, decide(score, *BAND)) for number, score in enumerate(scores)]


@pytest.mark.parametrize(
    ("p_call", "decision"),
    [
        (0.0, "nocall"),
        (0.399999, "nocall"),
        (0.4, "uncertain"),
        (0.5, "uncertain"),
        (0.6, "uncertain"),
        (0.600001, "call"),
        (1.0, "call"),
    ],
)
def test_a_clip_is_uncertain_within_the_band_both_ends_included(p_call, decision):
    assert decide(p_call, *BAND) == decision


def test_a_band_can_be_a_point_or_everything():
    assert [decide(p_call, 0.5, 0.5) for p_call in (0.49, 0.5)] == ["nocall", "uncertain"]
    assert [decide(p_call, 0, 1) for p_call in (0, 1)] == ["uncertain", "uncertain"]


@pytest.mark.parametrize(("low", "high"), [(0.6, 0.4), (0.6, 0.9), (0.1, 0.4), (-0.1, 0.6), (0.4, 1.1)])
def test_a_band_without_the_point_of_no_preference_is_refused(low, high):
    with pytest.raises(ValidationError):
        PoolParams(low=low, high=high, strategy="band", budget=10, audit=0)


@given(scores)
def test_the_counts_of_decisions_add_up_to_the_pool(p_calls):
    metrics = pool_metrics(make_pool(*p_calls))
    assert metrics["pool"] == len(p_calls)
    assert metrics["uncertain"] + metrics["confident_calls"] + metrics["confident_nocalls"] == len(p_calls)


def test_decisions_are_counted():
    assert pool_metrics(make_pool(0.1, 0.2, 0.3, 0.5, 0.5, 0.9)) == {
        "pool": 6,
        "uncertain": 2,
        "confident_calls": 1,
        "confident_nocalls": 3,
        "queued": 0,
        "audit": 0,
    }


@pytest.mark.parametrize(("budget", "audit"), [(-1, 0), (3, 4), (3, -1)])
def test_a_queue_that_cannot_be_is_refused(budget, audit):
    with pytest.raises(ValidationError):
        PoolParams(low=0.4, high=0.6, strategy="band", budget=budget, audit=audit)


@given(scores, st.integers(0, 40), st.data())
def test_the_queue_keeps_to_its_budget_and_audits_confident_clips(p_calls, budget, data):
    audit = data.draw(st.integers(0, budget))
    pool = make_pool(*p_calls)
    ranking = data.draw(st.permutations(range(len(pool))))[: data.draw(st.integers(0, 60))]
    queue = choose_queue(pool, ranking, budget, audit)
    drawn = [clip for clip in queue if clip.queued == "audit"]
    chosen = [clip for clip in queue if clip.queued == "chosen"]
    assert len(drawn) + len(chosen) == len(queue) <= budget
    assert len({clip.clip_id for clip in queue}) == len(queue)
    audited = {clip.clip_id for clip in drawn}
    asked = [pool[position].clip_id for position in ranking if pool[position].clip_id not in audited]
    assert [clip.clip_id for clip in chosen] == asked[: budget - audit]
    confident = {clip.clip_id for clip in pool if clip.decision != "uncertain"}
    assert audited <= confident
    assert len(drawn) == min(audit, len(confident))


def test_the_audit_is_drawn_without_a_look_at_the_score():
    random = np.random.default_rng(0)
    pool, others = (make_pool(*random.uniform(0.61, 1, 300), *random.uniform(0, 0.39, 300)) for _ in range(2))
    drawn, of_others = ({clip.clip_id for clip in drawn_for_audit(one, 60)} for one in (pool, others))
    assert drawn == of_others


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 30))
def test_half_of_the_audit_is_drawn_from_each_class(calls, nocalls, audit):
    drawn = drawn_for_audit(make_pool(*[0.9] * calls, *[0.5] * 5, *[0.1] * nocalls), audit)
    of_calls = sum(clip.decision == "call" for clip in drawn)
    of_nocalls = len(drawn) - of_calls
    assert len(drawn) == min(audit, calls + nocalls)
    # Where one class has fewer than half of the audit, all of it is drawn.
    assert of_calls >= min(calls, audit // 2)
    assert of_nocalls >= min(nocalls, audit // 2)


def test_the_audit_finds_as_many_wrong_labels_as_there_are():
    """Whatever the strategy asks about: here the margin, far beyond the band, and seven no-calls for three calls."""
    random = np.random.default_rng(0)
    found, there = [], []
    for number in range(60):
        p_call = 1 / (1 + np.exp(-random.normal(-1.5, 2.5, 800)))
        is_call = random.random(800) < p_call
        pool = [PoolClip(f"{number}_{clip:03d}", score, decide(score, *BAND)) for clip, score in enumerate(p_call)]
        truth = {clip.clip_id: ("nocall", "call")[int(so)] for clip, so in zip(pool, is_call, strict=True)}
        queue = choose_queue(pool, np.argsort(abs(p_call - 0.5)).tolist(), budget=300, audit=60)
        queued = {clip.clip_id: clip for clip in queue}
        found.append(audit_error([queued.get(clip.clip_id, clip) for clip in pool], truth)["all"]["rate"])
        confident = [clip for clip in pool if clip.decision != "uncertain"]
        there.append(np.mean([clip.decision != truth[clip.clip_id] for clip in confident]))
    assert np.mean(there) == pytest.approx(0.12, abs=0.02)
    # The mean of 60 audits of 60 clips has a standard deviation of about 0.006.
    assert np.mean(found) == pytest.approx(np.mean(there), abs=0.018)


def test_clips_are_ranked_by_what_rounding_hides():
    log_odds = np.array([60.0, -40.0, 50.0, 30.0])
    params = PoolParams(low=0.4, high=0.6, strategy="margin", budget=4, audit=0)
    pool, queue = decide_and_queue(["a", "b", "c", "d"], log_odds, lambda _: np.zeros((4, 1)), params)
    assert [clip.clip_id for clip in queue] == ["d", "b", "c", "a"]
    assert [(clip.p_call, clip.decision) for clip in pool] == [(1, "call"), (0, "nocall"), (1, "call"), (1, "call")]


def test_new_clips_do_not_change_the_lot_of_an_old_one():
    pool = make_pool(*[0.9] * 40)
    drawn = {clip.clip_id for clip in drawn_for_audit(pool[:30], 10)}
    again = {clip.clip_id for clip in drawn_for_audit(pool, 10)}
    assert again <= drawn | {clip.clip_id for clip in pool[30:]}


def test_the_place_in_the_queue_does_not_give_an_audited_clip_away():
    queue = choose_queue(make_pool(*[0.5] * 300, *[0.9] * 300), range(300), 600, 300)
    places = [place for place, clip in enumerate(queue) if clip.queued == "audit"]
    assert {place // 100 for place in places} == set(range(6))
    assert all(40 < sum(place // 200 == third for place in places) < 160 for third in range(3))


@given(scores)
def test_the_histogram_adds_up_to_the_pool_by_decision(p_calls):
    pool = make_pool(*p_calls)
    rows = histogram(pool)
    for decision in ("call", "nocall", "uncertain"):
        counted = sum(clips for _, _, of_decision, clips in rows if of_decision == decision)
        assert counted == sum(clip.decision == decision for clip in pool)


def test_the_histogram_has_a_row_for_each_bin_and_decision():
    rows = histogram([])
    assert len(rows) == 60
    assert len({row[:3] for row in rows}) == 60
    assert sorted({row[0] for row in rows})[:3] == ["0.00", "0.05", "0.10"]


@pytest.mark.parametrize("hundredths", range(0, 100, 5))
def test_a_score_on_an_edge_is_in_the_bin_that_begins_there(hundredths):
    rows = [row for row in histogram(make_pool(hundredths / 100)) if row[3]]
    assert [row[0] for row in rows] == [f"{hundredths / 100:.2f}"]


def test_a_score_of_one_is_in_the_last_bin():
    assert [row[:2] for row in histogram(make_pool(1.0)) if row[3]] == [("0.95", "1.00")]


def test_main_scores_every_pool_clip_and_no_other(pipeline):
    pool = read_pool(pipeline / "labels" / "pool_scores.csv")
    split = read_split(pipeline / "labels" / "split.csv")
    assert [clip.clip_id for clip in pool] == sorted(clip.clip_id for clip in split if clip.part == "pool")
    assert all(0 <= clip.p_call <= 1 and clip.decision == decide(clip.p_call, *BAND) for clip in pool)


def test_main_queues_what_it_says_it_does_with_cells_to_fill_in(pipeline):
    pool = read_pool(pipeline / "labels" / "pool_scores.csv")
    with (pipeline / "labels" / "queue.csv").open(newline="") as queue:
        header, *rows = csv.reader(queue)
    assert header == ["clip_id", "label", "annotator", "date", "note"]
    assert all(row[1:] == ["", "", "", ""] for row in rows)
    assert sorted(row[0] for row in rows) == [clip.clip_id for clip in pool if clip.queued]
    uncertain = {clip.clip_id for clip in pool if clip.decision == "uncertain"}
    assert uncertain == {clip.clip_id for clip in pool if clip.queued == "chosen"}
    # The two that are audited are as many as were asked for, unless the model is confident of fewer.
    assert len(rows) - len(uncertain) == min(2, len(pool) - len(uncertain))


def test_main_writes_the_metrics_of_the_scores(pipeline):
    metrics = json.loads((pipeline / "metrics" / "pool.json").read_text())
    assert metrics == pool_metrics(read_pool(pipeline / "labels" / "pool_scores.csv"))


def by_number(clip_ids):
    """An embedding of one number, that in the name of each clip."""
    return np.array([float(clip_id.removeprefix("clip")) for clip_id in clip_ids])[:, None]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_what_nobody_could_tell_is_neither_asked_about_nor_audited(strategy):
    clip_ids = [f"clip{number:03d}" for number in range(200)]
    log_odds = logit(np.random.default_rng(0).random(200))
    params = PoolParams(low=0.4, high=0.6, strategy=strategy, budget=30, audit=10)
    calls = ["clip901", "clip950"]
    pool, queue = decide_and_queue(clip_ids, log_odds, by_number, params, calls=calls)
    undecided = {clip.clip_id for clip in queue}
    again, without = decide_and_queue(
        clip_ids, log_odds, by_number, params, calls=calls, not_asked=undecided, round_number=2
    )
    assert not undecided & {clip.clip_id for clip in without}
    assert sum(clip.queued == "audit" for clip in without) == 10
    assert [clip[:3] for clip in again] == [clip[:3] for clip in pool]
    # Somebody asks about one of them again.
    asked_for = next(clip.clip_id for clip in queue if clip.queued == "chosen")
    _, once_more = decide_and_queue(
        clip_ids, log_odds, by_number, params, calls=calls, not_asked=undecided - {asked_for}
    )
    assert asked_for in {clip.clip_id for clip in once_more}


def test_the_audit_of_another_round_draws_other_clips():
    pool = make_pool(*[0.9] * 100)
    first, second = ({clip.clip_id for clip in drawn_for_audit(pool, 20, number)} for number in (1, 2))
    assert len(first & second) < 12  # 4 by chance.


def test_ten_rounds_never_ask_about_a_clip_again_and_every_audit_counts():
    """A pool of which 15 % cannot be decided by anybody, which is where the model is uncertain."""
    random = np.random.default_rng(0)
    log_odds = dict(zip((f"clip{number:04d}" for number in range(1000)), logit(random.random(1000)), strict=True))
    hopeless = set(random.permutation(list(log_odds))[:150])
    params = PoolParams(low=0.4, high=0.6, strategy="margin", budget=30, audit=10)
    undecided, asked = [], set()
    for number in range(1, 11):
        left_out = {clip.clip_id for clip in undecided}
        clip_ids = sorted(log_odds)
        scores = np.array([log_odds[clip_id] for clip_id in clip_ids])
        pool, queue = decide_and_queue(clip_ids, scores, by_number, params, not_asked=left_out, round_number=number)
        queued = {clip.clip_id for clip in queue}
        assert (len(queued), queued & asked) == (30, set())
        assert any(clip.queued == "audit" and clip.clip_id not in hopeless for clip in queue)
        asked |= queued
        answers = {clip_id: None if clip_id in hopeless else "call" for clip_id in queued}
        undecided, _ = still_undecided(undecided, queued, answers, number)
        for clip_id in queued - hopeless:
            del log_odds[clip_id]
    assert {clip.clip_id for clip in undecided} == asked & hopeless


def test_main_does_not_ask_about_windows_that_were_reviewed(pipeline, tmp_path, monkeypatch):
    folder = tmp_path / "copy"
    shutil.copytree(pipeline, folder)
    monkeypatch.chdir(folder)
    pool = [clip.clip_id for clip in read_split() if clip.part == "pool"]
    reviewed = [row.cells["clip_id"] for row in read_table(QUEUE, COLUMNS)] or pool[:1]
    write_reviews(REVIEWS, [Review("run", "", clip_id, "a.wav", 0.0, "", None, "", None) for clip_id in reviewed])
    with joblib.parallel_config(backend="threading"):
        main()
    assert not set(reviewed) & {row.cells["clip_id"] for row in read_table(QUEUE, COLUMNS)}
    assert {clip.clip_id for clip in read_pool()} == set(pool)


def test_main_reads_what_closed_rounds_have_left(pipeline, tmp_path, monkeypatch):
    folder = tmp_path / "copy"
    shutil.copytree(pipeline, folder)
    monkeypatch.chdir(folder)
    queued = [row.cells["clip_id"] for row in read_table(QUEUE, COLUMNS)]
    write_undecided(UNDECIDED, [UndecidedClip(queued[0], 1)])
    ROUNDS.write_text("round\n1\n")
    with joblib.parallel_config(backend="threading"):
        main()
    assert queued[0] not in [row.cells["clip_id"] for row in read_table(QUEUE, COLUMNS)]
    assert {clip.clip_id for clip in read_pool()} == {clip.clip_id for clip in read_split() if clip.part == "pool"}
