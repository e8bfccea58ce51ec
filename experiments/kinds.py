"""The kinds of models that are compared: the network, the probe on a pretrained model, and both."""

import argparse
import ast
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from experiments.views import with_views
from stages.lib.cache.digests import short_digest
from stages.lib.cache.shard import content_of
from stages.lib.cache.sources import REPOSITORY, sources_of
from stages.lib.feature_store import EMBEDDING, SPECTROGRAM, Features
from stages.lib.features.feature_params import NO_MODEL, FeatureParams
from stages.lib.features.features_key import made_by
from stages.lib.features.pretrained import FOLDER as PRETRAINED
from stages.lib.features.views import chosen_model
from stages.lib.model.model_folder import Model, load_model, save_model
from stages.lib.training.inputs import LabelledClips, TrainParams

NETWORK, PROBE, BOTH = "network", "probe", "both"
KINDS: Mapping[str, tuple[str, ...]] = {NETWORK: (SPECTROGRAM,), PROBE: (EMBEDDING,), BOTH: (SPECTROGRAM, EMBEDDING)}
MODEL = "birdnet"
CACHE = Path(".cache/experiments")
# What a trained network depends on next to its features, labels and params: all code of its training but the probe's.
RECIPE, NOT_OF_NETWORKS = REPOSITORY / "stages/lib/training/recipe.py", REPOSITORY / "stages/lib/model/probe.py"


def add_kinds(parser: argparse.ArgumentParser) -> None:
    """Add the option for the kinds of models to compare."""
    parser.add_argument(
        "--kinds",
        nargs="+",
        choices=KINDS,
        default=list(KINDS),
        metavar="KIND",
        help=f"kinds of models (default: {' '.join(KINDS)})",
    )


def exit_without_pretrained(kinds: Sequence[str]) -> None:
    """Exit if a kind needs the pretrained model and it is missing."""
    if any(EMBEDDING in KINDS[kind] for kind in kinds) and not (PRETRAINED / MODEL).is_dir():
        sys.exit(
            f"{PRETRAINED / MODEL} does not exist, so nothing was run: download it with make birdnet and "
            f"python -m tools.add_pretrained {MODEL} --accept-licence, or leave it out with --kinds {NETWORK}."
        )


def available_kinds() -> list[str]:
    """Return the kinds that can be trained: all, or only the network if the pretrained model is missing."""
    return list(KINDS) if (PRETRAINED / MODEL).is_dir() else [NETWORK]


def overlay_of(kinds: Sequence[str]) -> dict:
    """Return the changes to the params for some kinds."""
    views = [view for view in KINDS[BOTH] if any(view in KINDS[kind] for kind in kinds)]
    return {"featurize": {"views": views, "pretrained": MODEL if EMBEDDING in views else NO_MODEL}}


def only(features: Features, kind: str) -> Features:
    """Return the features that a kind of model uses."""
    return with_views(features, KINDS[kind])


def train_kinds(
    kinds: Sequence[str], features: Features, train: LabelledClips, valid: LabelledClips, params: TrainParams
) -> dict[str, Model]:
    """Train a model of each kind on the same labels. `both` contains the same network as `network`.

    Parameters
    ----------
    kinds : sequence of str
        Keys of `KINDS`.
    features : Features
        Features with the views of all kinds.
    train, valid : LabelledClips
    params : TrainParams

    Returns
    -------
    dict
        From kind to a model, trained on the features that `only` returns for this kind.
    """
    from stages.lib.training.recipe import joined, train_new_model

    models = {}
    if set(kinds) & {NETWORK, BOTH}:
        models[NETWORK] = trained_network(only(features, NETWORK), train, valid, params)
    if set(kinds) & {PROBE, BOTH}:
        models[PROBE], _ = train_new_model(only(features, PROBE), train, valid, params)
    if BOTH in kinds:
        probe = models[PROBE].probe
        models[BOTH] = joined(models[NETWORK], probe.tempered(models[PROBE].temperature), features, valid)
    return {kind: models[kind] for kind in kinds}


def trained_network(features: Features, train: LabelledClips, valid: LabelledClips, params: TrainParams) -> Model:
    """Train a network, or load it if it was trained before on the same labels, features, params and code."""
    from stages.lib.training.recipe import train_new_model

    places = [features.places[clip_id] for clips in (train, valid) for clip_id in clips.clip_ids]
    contents = [(content_of(Path(place.shards[0])), place.row) for place in places]
    code = [code_of(path).encode() for path in sources_of(RECIPE) if path != NOT_OF_NETWORKS]
    made_from = repr((features.description, contents, train, valid, params.model_dump())).encode()
    folder = CACHE / "networks" / short_digest(b"\0".join([made_from, *code]))
    if not folder.is_dir():
        model, _ = train_new_model(features, train, valid, params)
        save_model(folder, model)
    return load_model(folder, features)


def code_of(module: Path) -> str:
    """Return the code of a module without comments and docstrings, so that these may change."""
    tree = ast.parse(module.read_bytes())
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            del node.body[0]
    return ast.dump(tree)


def features_folder(name: str, table: Path, params: FeatureParams) -> Path:
    """Return the folder of the stored features of some clips; its name depends on params, code and clips."""
    pretrained = chosen_model(params)
    made_from = [params.model_dump_json(), pretrained.model_dump_json() if pretrained else ""]
    digest = short_digest(
        b"\0".join([*map(str.encode, made_from), *(made_by(view) for view in params.views), table.read_bytes()])
    )
    return CACHE / "features" / f"{name}-{digest}"
