"""Everything that the features of a recording depend on: content, clips, params, our code and the libraries."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from stages.lib.cache.digests import short_digest
from stages.lib.cache.sources import code_and_versions
from stages.lib.features.feature_params import EMBEDDING, FeatureParams
from stages.lib.features.pretrained import Pretrained
from stages.lib.features.views import VIEWS, shapes_of
from stages.lib.runtime.atomic_write import write_json
from stages.lib.tables.clips import Clip


@cache
def made_by(view: str) -> bytes:
    """Return the code and the library versions that compute a view."""
    return code_and_versions(VIEWS[view].source, VIEWS[view].libraries)


def features_key(
    content: str, clips: Sequence[Clip], params: FeatureParams, view: str, pretrained: Pretrained | None = None
) -> str:
    """Return the digest of everything that the features of a recording depend on.

    Parameters
    ----------
    content : str
        Digest of the recording's content.
    clips : sequence of Clip
    params : FeatureParams
    view : str
        One of `VIEWS`.
    pretrained : Pretrained, optional
        Only an embedding depends on it.
    """
    chosen = params.model_dump_json(exclude=set(VIEWS[view].not_by))
    model = pretrained.model_dump_json() if pretrained and view == EMBEDDING else ""
    starts_s = repr([clip.start_s for clip in clips])
    return short_digest(
        b"\0".join([*map(str.encode, (view, chosen, model, starts_s)), made_by(view), content.encode()])
    )


def write_description(folder: Path, params: FeatureParams, pretrained: Pretrained | None = None) -> None:
    """Write how the features of a folder were made. A model trained on them keeps this description."""
    description = {"params": params.model_dump(), "shapes": shapes_of(params, pretrained)}
    model = {"pretrained": pretrained.model_dump()} if pretrained and params.embeds else {}
    write_json(folder / "features.json", description | model)
