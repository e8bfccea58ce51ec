"""Clones with small params, whatever the repository is used for."""

import pytest
import yaml

from experiments.clone import (
    REPOSITORY,
    SMALL,
    commit,
    git,
    make_small,
    output_digests,
    overlay,
    repro,
    run_in,
)

# What a team of its own has set. A low voice has other features.
OTHER = {
    "featurize": {"sample_rate": 2000, "clip_s": 2.0, "max_hz": 1000.0, "pcen": False},
    "split": {"seed": 1, "group_by": "site", "train": 0.6, "valid": 0.1, "pool": 0.1, "test": ["a.wav"]},
    "train": {"batch_size": 8, "learning_rate": 0.01},
    "score_pool": {"strategy": "margin", "low": 0.2},
    "merge_labels": {"model_labels": {"use": False}},
    "retrain": {"init": "baseline"},
    "compute": {"backend": "dask", "scheduler": "tcp://127.0.0.1:1"},
}


@pytest.mark.prove
def test_a_small_clone_is_the_same_for_a_team_with_data_and_answers_of_its_own(with_own_data, finished, tmp_path):
    folder = tmp_path / "clone"
    git(with_own_data, "clone", "--quiet", str(with_own_data), str(folder))
    git(folder, "config", "user.name", "A newcomer")
    git(folder, "config", "user.email", "newcomer@example.org")
    overlay(folder / "params.yaml", OTHER)
    overlay(folder / "data" / "synthetic" / "params.yaml", {"seed": 1})
    for name, row in {
        "expert": "bay_0,call,val,2026-11-22,",
        "settled": "bay_1,call,1",
        "rounds": "1,2026-11-22",
    }.items():
        with (folder / "labels" / f"{name}.csv").open("a") as table:
            table.write(f"{row}\n")
    assert run_in(folder, "dvc", "remote", "add", "--default", "team", "/srv/orca").returncode == 0
    commit(folder, "What a team has of its own")

    make_small(folder)
    repro(folder)
    assert output_digests(folder) == output_digests(finished)
    for name in git(finished, "ls-files", "params.yaml", "data", "labels", ".dvc", "dvc.lock").splitlines():
        assert (folder / name).read_bytes() == (finished / name).read_bytes(), name
    assert not (folder / "data" / "bay").exists()


def keys_of(values: dict) -> set[str]:
    """Return the keys of values, with those of sections within."""
    return set(values).union(*(keys_of(value) for value in values.values() if isinstance(value, dict)))


def test_small_params_name_every_param():
    small = yaml.safe_load(SMALL.read_text())
    for name, path in {"pipeline": "params.yaml", "synthetic": "data/synthetic/params.yaml"}.items():
        assert keys_of(small[name]) == keys_of(yaml.safe_load((REPOSITORY / path).read_text()))
