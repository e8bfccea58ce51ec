"""The views of a clip: the kinds of features. Each is computed and stored separately."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from stages.lib.features import embedding, window
from stages.lib.features.feature_params import EMBEDDING, SPECTROGRAM, FeatureParams
from stages.lib.features.pretrained import DESCRIPTION, FOLDER, Pretrained, read_pretrained

LIBRARIES = ("numpy", "scipy", "librosa", "soxr", "soundfile")


class View(NamedTuple):
    """One kind of features.

    Attributes
    ----------
    compute : callable
        Takes a recording, the starts of windows in seconds, and the params; returns an ndarray of float16 with one row
        per window.
    source : Path
        The module that computes the view.
    libraries : tuple of str
        The libraries that the result depends on.
    not_by : frozenset of str
        The params that the result does not depend on.
    """

    compute: Callable[[Path, Sequence[float], FeatureParams], np.ndarray]
    source: Path
    libraries: tuple[str, ...]
    not_by: frozenset[str]


OF_EMBEDDING = frozenset({"views", "pretrained", "speeds"})
VIEWS: Mapping[str, View] = MappingProxyType(
    {
        SPECTROGRAM: View(window.window_features, Path(window.__file__), (*LIBRARIES, "PyWavelets"), OF_EMBEDDING),
        EMBEDDING: View(
            embedding.window_embeddings,
            Path(embedding.__file__),
            (*LIBRARIES, "tensorflow"),
            frozenset(FeatureParams.model_fields) - {"channel", "clip_s", "speeds"},
        ),
    }
)


def chosen_model(params: FeatureParams) -> Pretrained | None:
    """Return the description of the pretrained model that the params name; None if they name none.

    Raises
    ------
    InputFaults
        As for `read_pretrained`.
    """
    return read_pretrained(FOLDER / params.pretrained)


def files_needed(params: FeatureParams) -> tuple[Path, ...]:
    """Return the files that must be the same on every machine that computes features, apart from our code."""
    return (FOLDER / params.pretrained / DESCRIPTION,) if params.embeds else ()


def shapes_of(params: FeatureParams, pretrained: Pretrained | None) -> dict[str, tuple[int, ...]]:
    """Return the shape of the features of one clip in each view that the params name."""
    size = pretrained.size if pretrained else 0
    shapes = {SPECTROGRAM: params.shape, EMBEDDING: (len(params.speeds) * size,)}
    return {view: shapes[view] for view in params.views}


def window_views(path: Path, starts_s: Sequence[float], params: FeatureParams) -> dict[str, np.ndarray]:
    """Return the features of some windows of a recording in each view that the params name."""
    return {view: VIEWS[view].compute(path, starts_s, params) for view in params.views}
