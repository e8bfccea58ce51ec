"""The Orcasound data set, fetched from moto's S3 (real HTTP on loopback), from archives of the documented shape."""

import csv
import hashlib
import io
import socket
import tarfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from subprocess import CompletedProcess

import boto3
import numpy as np
import pytest
import soundfile
import yaml
from moto.server import ThreadedMotoServer

from experiments.clone import REPOSITORY, clone, git, hold_out_again, overlay, repro, run_in, stages_run
from tests.support.declarations import read_declarations
from tests.support.modules import code_mismatches, declared_code
from tests.support.pages import blocks

HERE = "data/orcasound"
PARAMS = yaml.safe_load((REPOSITORY / HERE / "params.yaml").read_text())
COLUMNS = "dataset\twav_filename\tstart_time_s\tduration_s\tlocation\tdate\tpst_or_master_tape_identifier\n"
RATE, LENGTH_S = 2000, 40.0
CALLS = (2.0, 3.5, 20.0, 21.5)
# Where each archive keeps its table and its recordings, how its recordings are named, and how many they are.
SHAPES = {
    "round2": ("Round2_OS_07_05/train.tsv", "Round2_OS_07_05/wav", "OS_7_05_2019_08_{:02d}_00_.wav", 8),
    "round3": ("train/train.tsv", "train/wav", "OS_9_27_2017_08_{:02d}_00__0001.wav", 7),
    "test": ("OrcasoundLab09272017_Test/test.tsv", "OrcasoundLab09272017_Test/wav", "OS_9_27_2017_10_{:02d}_00.wav", 3),
}


def recording(seed: int) -> bytes:
    file = io.BytesIO()
    samples = 0.1 * np.random.default_rng(seed).standard_normal(round(LENGTH_S * RATE))
    soundfile.write(file, samples, RATE, format="WAV")
    return file.getvalue()


def table(names: list[str]) -> str:
    """Return a table of four calls in each recording but the last, in which there is none."""
    rows = [(name, start_s, 1.0) for name in names[:-1] for start_s in CALLS] + [(names[-1], 0.0, 0.0)]
    return COLUMNS + "".join(
        f"podcast\t{name}\t{start_s}\t{length_s}\torcasound_lab\t2019-07-05\t08:24:00\n"
        for name, start_s, length_s in rows
    )


def archive(files: Mapping[str, bytes]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return file.getvalue()


def files_of(name: str) -> dict[str, bytes]:
    """Return the files of an archive of the documented shape."""
    table_path, folder, form, count = SHAPES[name]
    names = [form.format(number) for number in range(count)]
    seeds = {"round2": 0, "round3": 100, "test": 200}
    files = {f"{folder}/{one}": recording(seeds[name] + number) for number, one in enumerate(names)}
    # Besides, what the classifier of that time needed, and what macOS leaves behind.
    more = {
        f"{Path(table_path).parent}/mean.txt": b"0.0\n",
        f"{Path(table_path).parent}/._{Path(table_path).name}": b"\0",
    }
    return {table_path: table(names).encode(), **files, **more}


@pytest.fixture(scope="module")
def archives() -> dict[str, bytes]:
    return {name: archive(files_of(name)) for name in SHAPES}


@pytest.fixture(scope="module")
def bucket(archives) -> Iterator:
    """The bucket, on a server that this process and its children find by the variable that all clients of S3 know."""
    server = ThreadedMotoServer("127.0.0.1", port=0)
    server.start()
    endpoint = "http://{}:{}".format(*server.get_host_and_port())
    secret = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing", "region_name": "us-east-1"}
    bucket = boto3.resource("s3", endpoint_url=endpoint, **secret).create_bucket(Bucket=PARAMS["bucket"])
    for name, content in archives.items():
        bucket.put_object(Key=PARAMS["archives"][name], Body=content, ACL="public-read")
    with pytest.MonkeyPatch.context() as environment:
        without_account(environment)
        environment.setenv("AWS_ENDPOINT_URL", endpoint)
        yield bucket
    server.stop()


def without_account(environment: pytest.MonkeyPatch) -> None:
    """Take away whatever account this machine has."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        environment.delenv(name, raising=False)
    environment.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    environment.setenv("AWS_CONFIG_FILE", "/nowhere")
    environment.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(scope="module")
def fetched(bucket, tmp_path_factory) -> Path:
    """A clone in which the commands of the data set's README have run."""
    folder = clone(tmp_path_factory.mktemp("orcasound") / "clone")
    (commands,) = blocks(f"{HERE}/README.md")
    result = run_in(folder, "bash", "-euo", "pipefail", "-c", commands)
    assert result.returncode == 0, result.stdout + result.stderr
    assert stages_run(result.stdout) == ["fetch@round2", "fetch@round3", "fetch@test", "import"]
    return folder


def clips_of(folder: Path) -> list[dict[str, str]]:
    with (folder / HERE / "clips.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_dvc_records_size_and_checksum_of_each_archive(fetched, archives):
    stages = yaml.safe_load((fetched / HERE / "dvc.lock").read_text())["stages"]
    for name, content in archives.items():
        (out,) = stages[f"fetch@{name}"]["outs"]
        assert (out["path"], out["size"]) == (f"archives/{name}.tar.gz", len(content))
        assert out["md5"] == hashlib.md5(content, usedforsecurity=False).hexdigest()
        assert (fetched / HERE / out["path"]).read_bytes() == content


def test_every_recording_arrives_as_it_was(fetched):
    sent = {
        Path(path).name: content for name in SHAPES for path, content in files_of(name).items() if path.endswith("wav")
    }
    there = {path.name: path.read_bytes() for path in (fetched / HERE / "recordings").iterdir()}
    assert there == sent


def test_clips_are_balanced_in_each_role(fetched):
    counts = Counter(("_10_" in clip["recording"], clip["label"]) for clip in clips_of(fetched))
    assert counts == {(False, "call"): 52, (False, "nocall"): 52, (True, "call"): 8, (True, "nocall"): 8}
    assert {clip["site"] for clip in clips_of(fetched)} == {"orcasound_lab"}


def test_the_roles_of_the_study_become_parts_of_the_split(fetched):
    section = yaml.safe_load((fetched / HERE / "split.yaml").read_text())
    overlay(fetched / "params.yaml", {"data": {"dataset": "orcasound"}, **section})
    hold_out_again(fetched)
    assert stages_run(repro(fetched, "split")) == ["split"]
    with (fetched / "labels" / "split.csv").open(newline="") as file:
        parts = {row["clip_id"]: row["part"] for row in csv.DictReader(file)}
    of_test = {clip["clip_id"] for clip in clips_of(fetched) if "_10_" in clip["recording"]}
    assert {clip_id for clip_id, part in parts.items() if part == "test"} == of_test
    assert {part for clip_id, part in parts.items() if clip_id not in of_test} == {"train", "valid", "pool"}


def test_git_keeps_the_tables_alone(fetched):
    new = git(fetched, "status", "--porcelain", "--untracked-files=all", HERE).split()[1::2]
    assert sorted(Path(name).name for name in new) == [
        "clips.csv",
        "dvc.lock",
        "import.csv",
        "recordings.csv",
        "split.yaml",
    ]


def test_it_is_fetched_once(fetched):
    assert stages_run(repro(fetched / HERE)) == []


def test_the_commands_at_the_root_know_nothing_of_it():
    assert not any("orcasound" in output for one in read_declarations(REPOSITORY).values() for output in one.outputs)


def test_the_import_declares_the_modules_it_imports_and_no_others():
    stage = yaml.safe_load((REPOSITORY / HERE / "dvc.yaml").read_text())["stages"]["import"]
    declared = declared_code(stage["deps"], REPOSITORY / HERE)
    assert code_mismatches("data.orcasound.import_archives", declared) == []


def test_every_param_is_declared():
    stages = yaml.safe_load((REPOSITORY / HERE / "dvc.yaml").read_text())["stages"]
    declared = {*stages["fetch"]["do"]["params"], *(key for key in stages["import"]["params"] if isinstance(key, str))}
    assert {key.partition(".")[0] for key in declared} == set(PARAMS)


# What differs.


@pytest.fixture
def workplace(tmp_path) -> Path:
    """A folder with what the modules read."""
    for name in ("params.yaml", f"{HERE}/params.yaml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text((REPOSITORY / name).read_text())
    (tmp_path / HERE / "archives").mkdir()
    return tmp_path


def run_module(folder: Path, *arguments: str, **variables: str) -> CompletedProcess:
    return run_in(folder, "python", "-m", *arguments, PYTHONPATH=str(REPOSITORY), **variables)


def refusal(result: CompletedProcess) -> str:
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    return result.stderr


def other_tables(files: Mapping[str, bytes], content: bytes) -> dict[str, bytes]:
    return {name: content if name.endswith("train.tsv") and "._" not in name else old for name, old in files.items()}


ROUND2 = f"{HERE}/archives/round2.tar.gz"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda _: b"<html>moved</html>", f"{ROUND2}: is not a complete .tar.gz archive"),
        (lambda files: archive(files)[:-2000], f"{ROUND2}: is not a complete .tar.gz archive"),
        (
            lambda files: archive({name: old for name, old in files.items() if not name.endswith(".tsv")}),
            f"{ROUND2}: holds no .tsv file, so it is not the expected archive",
        ),
        (
            lambda files: archive({name: old for name, old in files.items() if not name.endswith(".wav")}),
            f"{ROUND2}: holds no .wav file, so it is not the expected archive",
        ),
        (
            lambda files: archive(other_tables(files, b"time\tspecies\n1\torca\n")),
            f"{HERE}/annotations/round2_train.tsv:1: is not in a known annotation format",
        ),
        (
            lambda files: archive(other_tables(files, table(["else_1.wav", "else_2.wav"]).encode())),
            f"{ROUND2}: its table names else_1.wav, but it holds OS_7_05_2019_08_00_00_.wav",
        ),
        (
            lambda files: archive({**files, "more/OS_7_05_2019_08_00_00_.wav": b""}),
            f"{ROUND2}: holds OS_7_05_2019_08_00_00_.wav a second time, or another archive also holds it",
        ),
    ],
)
def test_an_archive_that_differs_is_refused_in_a_sentence(workplace, archives, change, fault):
    for name, content in {**archives, "round2": change(files_of("round2"))}.items():
        (workplace / HERE / "archives" / f"{name}.tar.gz").write_bytes(content)
    assert refusal(run_module(workplace, "data.orcasound.import_archives")).startswith(fault)
    assert not (workplace / HERE / "clips.csv").exists()


def test_archives_that_were_not_fetched_are_named(workplace):
    faults = refusal(run_module(workplace, "data.orcasound.import_archives")).splitlines()
    assert faults == [
        f"{HERE}/archives/{name}.tar.gz: there is no such file; run dvc repro in {HERE}" for name in SHAPES
    ]


def test_an_archive_that_has_moved_is_named(workplace, bucket):
    overlay(workplace / HERE / "params.yaml", {"archives": {"round2": "labeled-data/gone.tar.gz"}})
    fault = refusal(run_module(workplace, "data.orcasound.fetch", "round2"))
    assert fault.startswith(f"s3://{PARAMS['bucket']}/labeled-data/gone.tar.gz: this archive does not exist (any more)")
    assert list((workplace / HERE / "archives").iterdir()) == []


def test_an_archive_that_is_no_longer_public_is_named(workplace, bucket):
    bucket.put_object(Key="labeled-data/mine.tar.gz", Body=b"", ACL="private")
    overlay(workplace / HERE / "params.yaml", {"archives": {"round2": "labeled-data/mine.tar.gz"}})
    fault = refusal(run_module(workplace, "data.orcasound.fetch", "round2"))
    assert fault.startswith(f"s3://{PARAMS['bucket']}/labeled-data/mine.tar.gz: is not public")


def test_a_bucket_that_cannot_be_reached_is_named(workplace, monkeypatch):
    without_account(monkeypatch)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{free.getsockname()[1]}"
    result = run_module(workplace, "data.orcasound.fetch", "round2", AWS_ENDPOINT_URL=endpoint, AWS_MAX_ATTEMPTS="1")
    assert refusal(result).startswith(f"s3://{PARAMS['bucket']}/{PARAMS['archives']['round2']}: cannot be reached")
    assert list((workplace / HERE / "archives").iterdir()) == []
