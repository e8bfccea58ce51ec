"""A team's remote, set and used by the commands of docs/remote.md: a folder, and S3 (moto's, real HTTP on loopback)."""

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest
import yaml
from moto.server import ThreadedMotoServer

from experiments.clone import git, repro, run_in, stages_run
from tests.support.pages import block
from tests.support.tool import run_tool

PAGE = "docs/remote.md"
# The synthetic recordings are in no remote: their seed gives them.
SYNTHESIZE = "data/synthetic/dvc.yaml:synthesize"


def paste(folder: Path, first: str, names: Mapping[str, str] = {}) -> str:
    """Run the page's block that starts with this, its example's names replaced, and return what it prints."""
    commands = block(PAGE, first, names)
    result = run_in(folder, "bash", "-euo", "pipefail", "-c", commands)
    assert result.returncode == 0, commands + result.stdout + result.stderr
    return result.stdout


@dataclass
class Team:
    """A Git repository that all clone, the clone of the one who has the outputs, and what its remote holds."""

    hub: Path
    first: Path
    read: Callable[[str], bytes | None]  # these three take the hash of an object
    write: Callable[[str, bytes], None]
    delete: Callable[[str], None]

    def colleague(self, folder: Path) -> Path:
        git(self.hub, "clone", "--quiet", str(self.hub), str(folder))
        return folder

    def damage(self, md5: str) -> None:
        content = bytearray(self.read(md5))
        content[len(content) // 2] ^= 0xFF
        self.write(md5, bytes(content))


def new_hub(first: Path) -> Path:
    """Make the repository that a clone pushes to, and push."""
    hub = first.with_name("hub.git")
    git(first, "init", "--quiet", "--bare", "--initial-branch=main", str(hub))
    git(first, "checkout", "--quiet", "-B", "main")
    git(first, "remote", "set-url", "origin", str(hub))
    git(first, "push", "--quiet", "--set-upstream", "origin", "main")
    return hub


@pytest.fixture(scope="module")
def folder_team(tmp_path_factory, finished) -> Team:
    return team_with_a_folder(tmp_path_factory.mktemp("folder"), finished)


@pytest.fixture(scope="module")
def own_data_team(tmp_path_factory, with_own_data) -> Team:
    return team_with_a_folder(tmp_path_factory.mktemp("own"), with_own_data)


def team_with_a_folder(parent: Path, clone: Path) -> Team:
    """Share a copy of a clone, its outputs in a folder, as the page says."""
    first = Path(shutil.copytree(clone, parent / "first", symlinks=True))
    hub = new_hub(first)
    remote = parent / "remote"
    paste(first, "dvc remote add --default team /srv", {"/srv/orca": str(remote)})
    paste(first, "git commit --quiet --message")

    def path(md5: str) -> Path:
        return remote / "files" / "md5" / md5[:2] / md5[2:]

    def write(md5: str, content: bytes) -> None:
        # As DVC leaves it: DVC checks a writable file of a local remote by itself.
        path(md5).unlink(missing_ok=True)
        path(md5).write_bytes(content)
        path(md5).chmod(0o444)

    def read(md5: str) -> bytes | None:
        return path(md5).read_bytes() if path(md5).exists() else None

    return Team(hub, first, read, write, lambda md5: path(md5).unlink())


@pytest.fixture(scope="module")
def s3_team(tmp_path_factory, copy_of_finished):
    parent = tmp_path_factory.mktemp("s3")
    first = copy_of_finished(parent / "first")
    hub = new_hub(first)
    server = ThreadedMotoServer("127.0.0.1", port=0)
    server.start()
    endpoint = "http://{}:{}".format(*server.get_host_and_port())
    secret = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing", "region_name": "us-east-1"}
    bucket = boto3.resource("s3", endpoint_url=endpoint, **secret).create_bucket(Bucket="hydrophones")

    def stored(md5: str):
        return bucket.Object(f"orca/files/md5/{md5[:2]}/{md5[2:]}")

    def read(md5: str) -> bytes | None:
        return stored(md5).get()["Body"].read() if list(bucket.objects.filter(Prefix=stored(md5).key)) else None

    with pytest.MonkeyPatch.context() as environment:
        # Nothing of the machine's own: the credentials are those that the page's commands put in place.
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
            environment.delenv(name, raising=False)
        environment.setenv("AWS_SHARED_CREDENTIALS_FILE", str(parent / "none"))
        environment.setenv("AWS_CONFIG_FILE", str(parent / "none"))
        environment.setenv("AWS_EC2_METADATA_DISABLED", "true")
        environment.setenv("KEY_ID", "testing")
        environment.setenv("SECRET_KEY", "testing")
        paste(first, "dvc remote add --default team s3:")
        paste(first, "dvc remote modify team endpointurl", {"https://s3.example.org": endpoint})
        paste(first, "dvc remote modify --local")
        paste(first, "git commit --quiet --message")
        yield Team(
            hub,
            first,
            read,
            lambda md5, content: stored(md5).put(Body=content),
            lambda md5: stored(md5).delete(),
        )
    server.stop()


@pytest.fixture
def credentials(monkeypatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")


def files_of(folder: Path) -> dict[str, str]:
    """Return a digest of every file of a clone, whether Git or DVC keeps it; what a machine remembers is its own."""
    relative = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    not_kept = {".git", ".dvc", ".cache", "__pycache__"}
    kept = [path for path in relative if not_kept.isdisjoint(path.parts)]
    return {str(path): hashlib.sha256((folder / path).read_bytes()).hexdigest() for path in kept}


def hash_of(folder: Path, output: str) -> str:
    """Return the hash that dvc.lock has for an output."""
    stages = yaml.safe_load((folder / "dvc.lock").read_text())["stages"].values()
    return next(out["md5"] for stage in stages for out in stage.get("outs", []) if out["path"] == output)


def named_as_missing(result) -> set[str]:
    """Return the outputs that a `dvc pull` or `dvc checkout` could not put in place."""
    assert result.returncode != 0, result.stdout
    listed = result.stderr.split("Checkout failed for following targets:\n")[1].split("\nIs your cache")[0]
    return set(listed.splitlines())


def git_sees_no_change(folder: Path) -> bool:
    return git(folder, "status", "--porcelain") == ""


# A folder.


def test_a_colleague_pulls_from_a_folder_and_nothing_reruns(folder_team, tmp_path):
    colleague = folder_team.colleague(tmp_path / "colleague")
    assert not (colleague / "features").exists()
    paste(colleague, "git pull")
    assert stages_run(repro(colleague)) == [SYNTHESIZE]
    assert files_of(colleague) == files_of(folder_team.first)
    assert git_sees_no_change(colleague)


def test_the_whole_group_may_write_to_the_folder(folder_team):
    remote = Path(run_in(folder_team.first, "dvc", "config", "remote.team.url").stdout.strip())
    folders = [remote, *(path for path in remote.rglob("*") if path.is_dir())]
    assert len(folders) > 3
    assert all(path.stat().st_mode & 0o2070 == 0o2070 for path in folders)


@pytest.mark.prove
def test_without_verify_damage_goes_unnoticed(folder_team, tmp_path):
    merged = hash_of(folder_team.first, "labels/merged.csv")
    good = folder_team.read(merged)
    folder_team.damage(merged)
    colleague = folder_team.colleague(tmp_path / "colleague")
    run_in(colleague, "dvc", "remote", "modify", "--local", "team", "verify", "false")
    paste(colleague, "git pull")
    assert stages_run(repro(colleague)) == [SYNTHESIZE]
    assert (colleague / "labels" / "merged.csv").read_bytes() != good, "the page need not ask for verify any more"
    folder_team.write(merged, good)


@pytest.mark.prove
def test_what_a_folder_lost_or_damaged_is_named_recomputed_and_restored(folder_team, tmp_path):
    merged, model = (hash_of(folder_team.first, output) for output in ("labels/merged.csv", "models/retrained"))
    weights = next(file["md5"] for file in json.loads(folder_team.read(model)) if file["relpath"].endswith(".h5"))
    good = {md5: folder_team.read(md5) for md5 in (merged, weights, model)}
    folder_team.damage(merged)
    folder_team.delete(weights)

    colleague = folder_team.colleague(tmp_path / "colleague")
    pull = run_in(colleague, "dvc", "pull", "--verbose")
    assert pull.returncode != 0
    report = pull.stdout + pull.stderr
    assert f"failed to transfer '{weights}'" in report
    assert re.search(rf"corrupted cache file '.*/{merged[:2]}/{merged[2:]}'", report)
    assert named_as_missing(run_in(colleague, "dvc", "checkout")) == {"labels/merged.csv", "models/retrained"}
    assert stages_run(repro(colleague)) == [SYNTHESIZE, "merge_labels", "retrain"]
    assert files_of(colleague) == files_of(folder_team.first)
    assert git_sees_no_change(colleague)

    # What the page says of `dvc push`: it goes by names, so what is damaged has to go first.
    assert "Everything is up to date" in run_in(colleague, "dvc", "push").stdout
    folder_team.delete(merged)
    folder_team.delete(model)
    assert "3 files pushed" in run_in(colleague, "dvc", "push").stdout
    assert {md5: folder_team.read(md5) for md5 in good} == good
    another = folder_team.colleague(tmp_path / "another")
    paste(another, "git pull")
    assert files_of(another).items() <= files_of(folder_team.first).items()
    assert (another / "models" / "retrained").is_dir()


@pytest.mark.prove
def test_new_labels_travel_with_their_outputs(folder_team, tmp_path):
    colleague = folder_team.colleague(tmp_path / "colleague")
    paste(colleague, "git pull")
    assert run_tool(folder_team.first, "answer_queue").returncode == 0
    output = paste(folder_team.first, "dvc repro\ngit commit")
    assert stages_run(output) == ["merge_labels", "retrain", "evaluate"]
    paste(colleague, "git pull")
    assert stages_run(repro(colleague)) == [SYNTHESIZE]
    assert files_of(colleague) == files_of(folder_team.first)
    assert git_sees_no_change(colleague)


# Recordings of one's own.


@pytest.mark.prove
def test_every_command_ends_well_for_a_team_with_recordings_of_its_own(own_data_team, tmp_path):
    colleague = own_data_team.colleague(tmp_path / "colleague")
    paste(colleague, "git pull")
    assert stages_run(repro(colleague)) == []
    assert files_of(colleague) == files_of(own_data_team.first)
    for folder in (own_data_team.first, colleague):
        for command in ("pull", "push", "status", "status --cloud", "checkout"):
            result = run_in(folder, "dvc", *command.split())
            assert (command, result.returncode, result.stderr) == (command, 0, "")
        assert git_sees_no_change(folder)


@pytest.mark.prove
def test_a_recording_that_the_remote_has_lost_is_an_error(own_data_team, tmp_path):
    (recording,) = re.findall(r"md5: (\w+\.dir)", (own_data_team.first / "data/bay/recordings.dvc").read_text())
    listed = own_data_team.read(recording)
    lost = json.loads(listed)[0]["md5"]
    good = own_data_team.read(lost)
    own_data_team.delete(lost)
    colleague = own_data_team.colleague(tmp_path / "colleague")
    pull = run_in(colleague, "dvc", "pull")
    assert pull.returncode != 0
    assert f"failed to transfer '{lost}'" in pull.stderr
    assert "data/bay/recordings" in named_as_missing(run_in(colleague, "dvc", "checkout"))
    own_data_team.write(lost, good)


# S3.


def test_credentials_stay_on_the_machine(s3_team, tmp_path):
    assert "testing" in (s3_team.first / ".dvc" / "config.local").read_text()
    assert git_sees_no_change(s3_team.first)
    colleague = s3_team.colleague(tmp_path / "colleague")
    assert not (colleague / ".dvc" / "config.local").exists()
    pull = run_in(colleague, "dvc", "pull")
    assert pull.returncode != 0
    assert "Unable to locate credentials" in pull.stderr


@pytest.mark.prove
def test_a_colleague_pulls_from_s3_and_nothing_reruns(s3_team, credentials, tmp_path):
    colleague = s3_team.colleague(tmp_path / "colleague")
    paste(colleague, "git pull")
    assert stages_run(repro(colleague)) == [SYNTHESIZE]
    assert files_of(colleague) == files_of(s3_team.first)
    assert git_sees_no_change(colleague)


@pytest.mark.prove
def test_what_s3_lost_or_damaged_is_named_recomputed_and_restored(s3_team, credentials, tmp_path):
    merged, split = (hash_of(s3_team.first, output) for output in ("labels/merged.csv", "labels/split.csv"))
    good = {md5: s3_team.read(md5) for md5 in (merged, split)}
    s3_team.damage(merged)
    s3_team.delete(split)

    colleague = s3_team.colleague(tmp_path / "colleague")
    pull = run_in(colleague, "dvc", "pull")
    assert named_as_missing(pull) == {"labels/merged.csv", "labels/split.csv"}
    assert stages_run(repro(colleague)) == [SYNTHESIZE, "split", "merge_labels"]
    assert files_of(colleague) == files_of(s3_team.first)
    assert git_sees_no_change(colleague)

    s3_team.delete(merged)
    assert "2 files pushed" in run_in(colleague, "dvc", "push").stdout
    assert {md5: s3_team.read(md5) for md5 in good} == good
