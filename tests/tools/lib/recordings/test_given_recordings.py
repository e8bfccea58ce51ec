"""Recordings named on a command line: each has files of its own, or the remedy that is named gives it some."""

import joblib
import numpy as np
import pytest
import soundfile

from tests.support.feature_params import PARAMS
from tools.lib.recordings.given_recordings import check_recordings, named, same_files


@pytest.mark.parametrize(
    ("names", "given", "remedy"),
    [
        (["a.wav"], ["a.wav", "b/../a.wav"], "name each recording once"),
        (["north/a.wav", "south/a.wav"], ["north", "south"], "name a folder that holds both"),
        (["bay/a.wav", "bay--a.wav"], ["."], "rename one of them"),
    ],
)
def test_recordings_whose_files_would_have_one_name_are_named_with_a_remedy(tmp_path, names, given, remedy):
    for name in ["b/c.wav", *names]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (fault,) = same_files(named([tmp_path / name for name in given]))
    assert fault.endswith(f" would have files of the same name; {remedy}")


def test_a_folder_that_holds_both_gives_each_its_own_name(tmp_path):
    for folder in ("north", "south"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.wav").touch()
    names = named([tmp_path])
    assert [name for _, name in names] == ["north/a.wav", "south/a.wav"]
    assert same_files(names) == []


@pytest.mark.parametrize(
    ("views", "left_out"),
    [
        (["spectrogram"], ["1600.wav", "80.wav"]),
        (["embedding"], []),
        (["spectrogram", "embedding"], ["1600.wav", "80.wav"]),
    ],
)
def test_a_rate_is_too_low_only_where_a_network_sees_the_missing_bands(tmp_path, views, left_out):
    """A probe learns from recordings of any rate, so it also searches them."""
    names = {tmp_path / f"{rate}.wav": f"{rate}.wav" for rate in (8000, 1600, 80)}
    for path in names:
        soundfile.write(path, np.random.default_rng(0).uniform(-0.1, 0.1, 4000), int(path.stem))
    params = PARAMS.model_copy(update={"views": views, "pretrained": "tiny"})
    with joblib.parallel_config(backend="threading"):
        _, out, _ = check_recordings(names, names, params)
    assert [path.name for path in out] == left_out
