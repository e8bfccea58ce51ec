from collections.abc import Sequence
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from stages.lib.split.grouping import Group, choose_groups, covering, exact_sum, first_fit, waste


def make_groups(sizes: Sequence[tuple[int, int]]) -> list[Group]:
    return [
        Group(
            f"group{number}",
            tuple(f"{number}_call{position}" for position in range(calls)),
            tuple(f"{number}_nocall{position}" for position in range(nocalls)),
            (),
        )
        for number, (calls, nocalls) in enumerate(sizes)
    ]


def sums(groups: Sequence[Group]) -> tuple[int, int]:
    return sum(len(group.calls) for group in groups), sum(len(group.nocalls) for group in groups)


def some_subset_has(groups: Sequence[Group], calls: int, nocalls: int) -> bool:
    return any(
        sums(subset) == (calls, nocalls) for size in range(len(groups) + 1) for subset in combinations(groups, size)
    )


small_groups = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=7).map(make_groups)
few = st.integers(0, 10)


@given(small_groups, few, few)
def test_exact_sum_finds_a_subset_exactly_when_there_is_one(groups, calls, nocalls):
    chosen = exact_sum(groups, calls, nocalls)
    assert (chosen is not None) == some_subset_has(groups, calls, nocalls)


@given(small_groups, few, few)
def test_what_exact_sum_finds_adds_up_and_takes_no_group_twice(groups, calls, nocalls):
    chosen = exact_sum(groups, calls, nocalls)
    if chosen is not None:
        assert sums(chosen) == (calls, nocalls)
        assert len({group.name for group in chosen}) == len(chosen)


def test_exact_sum_of_nothing_takes_no_group():
    assert exact_sum(make_groups([(1, 1), (2, 0)]), 0, 0) == []


@given(small_groups, few, few)
def test_chosen_groups_suffice_unless_there_are_too_few(groups, calls, nocalls):
    chosen_calls, chosen_nocalls = sums(choose_groups(groups, calls, nocalls))
    all_calls, all_nocalls = sums(groups)
    assert chosen_calls >= min(calls, all_calls)
    assert chosen_nocalls >= min(nocalls, all_nocalls)


@given(small_groups, few, few)
def test_no_group_is_chosen_twice(groups, calls, nocalls):
    names = [group.name for group in choose_groups(groups, calls, nocalls)]
    assert len(set(names)) == len(names)


@given(st.lists(st.sampled_from([(1, 0), (0, 1)]), max_size=40).map(make_groups), st.data())
def test_groups_of_one_clip_are_chosen_exactly(groups, data):
    all_calls, all_nocalls = sums(groups)
    wanted = data.draw(st.integers(0, all_calls)), data.draw(st.integers(0, all_nocalls))
    assert sums(choose_groups(groups, *wanted)) == wanted


@given(small_groups, st.data())
def test_groups_are_chosen_exactly_wherever_whole_groups_allow_it(groups, data):
    wanted = sums([group for group in groups if data.draw(st.booleans())])
    assert sums(choose_groups(groups, *wanted)) == wanted


def test_an_odd_group_that_comes_first_does_not_prevent_an_exact_choice():
    groups = make_groups([(1, 0), (2, 0), (2, 0), (2, 0), (2, 0), (2, 0)])
    assert sums(choose_groups(groups, 10, 0)) == (10, 0)


def test_another_order_of_equal_groups_gives_another_choice():
    groups = make_groups([(1, 1)] * 40)
    forwards, backwards = choose_groups(groups, 10, 10), choose_groups(groups[::-1], 10, 10)
    assert {group.name for group in forwards} != {group.name for group in backwards}


def test_groups_without_labelled_clips_are_never_chosen():
    unlabelled = Group("unlabelled", (), (), ("a", "b"))
    assert unlabelled not in choose_groups([unlabelled, *make_groups([(1, 0)])], 1, 1)


@given(small_groups, few, few)
def test_first_fit_never_takes_too_many(groups, calls, nocalls):
    chosen_calls, chosen_nocalls = sums(first_fit(groups, calls, nocalls))
    assert chosen_calls <= calls
    assert chosen_nocalls <= nocalls


def test_first_fit_takes_groups_as_they_come():
    groups = make_groups([(2, 0)] * 20)
    chosen = first_fit(groups, 30, 0)
    assert chosen == groups[: len(chosen)]
    assert len(chosen) == 11


def test_covering_wastes_as_little_as_it_can():
    large, small = make_groups([(9, 9), (2, 2)])
    assert covering([large, small], 1, 1) == [small]


def test_covering_takes_all_that_helps_where_too_few_are_left():
    calls, nocalls = make_groups([(2, 0), (0, 3)])
    assert covering([calls, nocalls], 5, 0) == [calls]


def test_waste_counts_what_is_too_many_less_what_is_needed():
    (group,) = make_groups([(3, 2)])
    assert [waste(group, 3, 2), waste(group, 1, 0), waste(group, 0, -4)] == [-5, 3, 5]


def test_more_than_there_is_takes_every_group_and_little_memory():
    groups = make_groups([(5, 5)] * 20)
    assert sums(choose_groups(groups, 10**6, 10**6)) == sums(groups)
