"""The pictures of the README, drawn in a finished clone."""

import pytest
from PIL import Image

from experiments.clone import run_in
from tests.support.edit import replace_in


@pytest.mark.prove
def test_both_pictures_are_drawn_and_small(copy_of_finished, tmp_path):
    folder = copy_of_finished(tmp_path / "clone")
    pictures = [folder / "docs" / name for name in ("label_page.png", "detections.png")]
    for picture in pictures:
        picture.unlink()
    result = run_in(folder, "python", "-m", "experiments.readme_pictures")
    assert result.returncode == 0, result.stderr
    assert all(min(Image.open(picture).size) > 150 for picture in pictures)
    assert sum(picture.stat().st_size for picture in pictures) < 300_000


def test_real_recordings_are_not_shown(copy_of_finished, tmp_path):
    folder = copy_of_finished(tmp_path / "clone")
    replace_in(folder / "params.yaml", "dataset: synthetic", "dataset: bay")
    result = run_in(folder, "python", "-m", "experiments.readme_pictures")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("params.yaml: data.dataset is bay")
