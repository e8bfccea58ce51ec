from hypothesis import given
from hypothesis import strategies as st

from experiments.clone import run_in
from stages.lib.tables.pool import PoolClip
from stages.lib.tables.settled import SettledClip
from stages.lib.tables.undecided import UndecidedClip
from tools.next_round import settle_round, still_undecided

labels = st.sampled_from(["call", "nocall"])
clip_ids = st.integers(0, 9).map(str)


def test_what_was_settled_before_keeps_its_round():
    before = [SettledClip("a", "call", 1, line=2)]
    assert settle_round(before, {"a": "call", "b": "nocall"}, 2) == (
        [SettledClip("a", "call", 1), SettledClip("b", "nocall", 2)],
        [SettledClip("b", "nocall", 2)],
    )


def test_a_label_that_the_experts_have_changed_is_settled_anew():
    assert settle_round([SettledClip("a", "call", 1)], {"a": "nocall"}, 3)[1] == [SettledClip("a", "nocall", 3)]


def test_a_clip_that_the_experts_have_come_to_disagree_about_is_settled_no_longer():
    assert settle_round([SettledClip("a", "call", 1)], {"a": None}, 2) == ([], [])


@given(st.dictionaries(clip_ids, labels), st.dictionaries(clip_ids, labels | st.none()))
def test_all_that_the_experts_agree_about_is_settled_and_nothing_else(before, by_experts):
    table = [SettledClip(clip_id, label, 1) for clip_id, label in before.items()]
    settled, new = settle_round(table, by_experts, 2)
    assert {clip.clip_id: clip.label for clip in settled} == {key: label for key, label in by_experts.items() if label}
    assert {clip.clip_id for clip in new} == {
        clip_id for clip_id, label in by_experts.items() if label and before.get(clip_id) != label
    }


STATE_FAULTS = ("python", "-c", "from tools.next_round import state_faults; print(*state_faults(), sep='\\n', end='')")


def test_a_data_set_that_is_not_in_use_keeps_no_round_open(with_own_data):
    assert not (with_own_data / "data" / "synthetic" / "recordings").exists()
    assert run_in(with_own_data, *STATE_FAULTS).stdout == ""


def test_a_data_set_in_use_that_is_out_of_date_keeps_the_round_open(copy_of_finished, tmp_path):
    folder = copy_of_finished(tmp_path / "clone")
    (folder / "data" / "synthetic" / "clips.csv").unlink()
    (fault,) = run_in(folder, *STATE_FAULTS).stdout.splitlines()
    assert "data/synthetic/dvc.yaml:synthesize" in fault


def test_what_nobody_could_tell_is_recorded_when_the_round_closes():
    pool = [
        PoolClip("a", 0.5, "uncertain", "chosen"),
        PoolClip("b", 0.9, "call", "audit"),
        PoolClip("c", 0.5, "call", ""),
    ]
    before = [UndecidedClip("old", 1), UndecidedClip("found", 1)]
    answers = {"a": None, "b": "call", "c": None, "old": None, "found": "call"}
    assert still_undecided(before, pool, answers, 2) == (
        [UndecidedClip("old", 1), UndecidedClip("a", 2)],
        [UndecidedClip("a", 2)],
    )


def test_what_was_asked_about_and_not_answered_is_asked_about_again():
    assert still_undecided([], [PoolClip("a", 0.5, "uncertain", "chosen")], {}, 2) == ([], [])


def test_a_clip_that_was_asked_for_again_is_not_recorded_before_it_was_asked_about():
    """Its row was removed, but the queue had no room for it."""
    assert still_undecided([], [PoolClip("a", 0.5, "uncertain", "")], {"a": None}, 3) == ([], [])
